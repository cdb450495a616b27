"""Named settings of an encoder's training, each with what was measured of it."""

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.train.encoders.cnn import CNNSettings
from chingolo.train.encoders.vit import ViTSettings
from chingolo.train.methods.dino import DINOSettings
from chingolo.train.methods.msn import MSNSettings
from chingolo.train.methods.supervised import SupervisedSettings
from chingolo.train.settings.training import TrainingSettings, Views

MSN_AUDIO_FRONT_END = FrontEnd(
    sample_rate=16000,
    n_fft=1024,
    hop=160,
    n_mels=64,
    f_min=60.0,
    f_max=7800.0,
    noise="none",
    clip_s=2.24,
)
"""The front end of the masked-siamese audio talk: 224 frames of 10 ms, window 1024."""

# A small network at 12 ms frames; a synthetic pair is heard eight times. About 0.35 s of one
# core a step, the drawing of songs included. On the hard corpus of `make bench-methods` (0-20
# dB, pairs of themes that differ in the last element, unseen birds), three runs of 8 minutes of
# one core each: without any label nearest neighbour 1.00, HDBSCAN ARI 0.96-0.99 (1383 steps);
# with the labels of other synthetic songs 1.00 and 0.99-1.00 (1462 steps). Shorter, one run
# each: 0.99 and 0.75 without labels (523 steps), 1.00 and 0.80 with (235 steps).
CPU = TrainingSettings(front_end=FrontEnd(hop=256))

# The same recipe with more of everything: for one GPU. 0.8 TFLOP a step, 4 PFLOP a run. Neither
# its time nor its score is measured: no GPU was at hand.
SONGBIRD_GPU = TrainingSettings(
    encoder=CNNSettings(size="small", dimensions=128),
    method=DINOSettings(prototypes=256, hidden=1024, projection=128, momentum=(0.99, 0.999)),
    steps=5000,
    batch=256,
    pool=8,
    renew_every=4,
    learning_rate=1e-3,
    compute="bfloat16",
)

# Masked siamese network on audio as published in the talk: stretched crops of 224 and 96
# frames at 0.3-1 scale, rate 1e-4 falling by 0.1 four times (at epochs 100...400 of 500); steps
# are those of 800 songs. 0.3 TFLOP a step, 1.9 PFLOP a run: some hours of a CPU, and not
# measured. Expect little of 800 songs alone: see the row `msn` of `make bench-methods`.
MSN_AUDIO = TrainingSettings(
    front_end=MSN_AUDIO_FRONT_END,
    views=Views(
        shift_s=0.0,
        crop_scale=(0.3, 1.0),
        crop_frames=224,
        local_views=1,
        local_s=0.96,
        tape_share=0.0,
        time_mask_s=0.0,
        frequency_mask=0,
    ),
    encoder=ViTSettings(size="tiny", dimensions=192),
    method=MSNSettings(
        projection=64,
        prototypes=128,
        teacher_temperature=(0.025, 0.025),
        momentum=(0.996, 1.0),
    ),
    steps=6250,
    learning_rate=1e-4,
    schedule="multi_step",
    warmup=0.0,
)

# Labels alone, classes balanced, a narrow bottleneck whose probability stays low for songs of
# no known dialect. On the hard corpus, labels of its 800 songs known, 2 minutes of one core
# (328 steps): nearest neighbour 0.98, linear classifier 0.97 on songs of unseen birds.
DIALECT_CLASSIFIER = TrainingSettings(
    front_end=FrontEnd(hop=256), method=SupervisedSettings(bottleneck=8)
)
