import matplotlib.pyplot as plt
import numpy as np

from chingolo.synth.sheets.contact_sheet import SAMPLE_RATE, draw_spectrogram


def test_a_tone_is_drawn_at_its_frequency():
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    figure, axis = plt.subplots()
    draw_spectrogram(axis, np.sin(2 * np.pi * 4000 * time).astype(np.float32), SAMPLE_RATE)
    (image,) = axis.images
    level = np.asarray(image.get_array(), float)
    _, _, low, high = image.get_extent()
    row = np.median(level.argmax(axis=0))
    assert image.origin == "lower"
    assert abs(low + (row + 0.5) / len(level) * (high - low) - 4000) < 100
    plt.close(figure)
