"""The parts of recorders by name; a further one is one `Part` in a file here and one line."""

from chingolo.synth.recorder.parts.part import Part
from chingolo.synth.tables.registry import Registry

PARTS: Registry[Part] = Registry(
    "part of a recorder",
    {
        "speed": "chingolo.synth.recorder.parts.timing:SPEED",
        "wow": "chingolo.synth.recorder.parts.timing:WOW",
        "second-bird": "chingolo.synth.recorder.parts.noises:SECOND_BIRD",
        "room": "chingolo.synth.recorder.parts.linear:ROOM",
        "comb": "chingolo.synth.recorder.parts.linear:COMB",
        "rain": "chingolo.synth.recorder.parts.noises:RAIN",
        "noise": "chingolo.synth.recorder.parts.noises:NOISE",
        "rumble": "chingolo.synth.recorder.parts.noises:RUMBLE",
        "response": "chingolo.synth.recorder.parts.linear:RESPONSE",
        "gain": "chingolo.synth.recorder.parts.dynamics:GAIN",
        "soft-clipping": "chingolo.synth.recorder.parts.dynamics:SOFT_CLIPPING",
        "hum": "chingolo.synth.recorder.parts.noises:HUM",
        "hiss": "chingolo.synth.recorder.parts.noises:NOISE",
        "hard-clipping": "chingolo.synth.recorder.parts.dynamics:HARD_CLIPPING",
        "band": "chingolo.synth.recorder.parts.linear:BAND",
        "rate": "chingolo.synth.recorder.parts.linear:RATE",
        "codec": "chingolo.synth.recorder.parts.coding:CODEC",
        "speech-codec": "chingolo.synth.recorder.parts.speech_coding:SPEECH_CODEC",
        "rebuilt-highs": "chingolo.synth.recorder.parts.speech_coding:REBUILT_HIGHS",
        "modulated-noise": "chingolo.synth.recorder.parts.speech_coding:MODULATED_NOISE",
        "noise-reduction": "chingolo.synth.recorder.parts.coding:NOISE_REDUCTION",
    },
)
