import jax
import jax.numpy as jnp
import numpy as np

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.train.settings.training import Views
from chingolo.train.step import views

FRONT_END = FrontEnd()
KEYS = jax.random.split(jax.random.key(0), 200)


def clip(seed: int = 0) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(-5, 2, (100, 64)), jnp.float32)


def test_views_are_pure_functions_of_their_key():
    grain = views.draw_grain(KEYS[9], 100, 64)

    def view(key: jax.Array) -> jax.Array:
        power = views.power_views(key, clip(), clip(1), grain, Views(), FRONT_END)
        song = jnp.ones(100, bool)
        blank = jnp.zeros(())
        return views.shape_views(key, power, song, blank, blank, Views(), FRONT_END)[0]

    np.testing.assert_array_equal(view(KEYS[0]), view(KEYS[0]))
    assert np.abs(np.asarray(view(KEYS[0]) - view(KEYS[1]))).max() > 0.1


def test_mixup_adds_power():
    flat, partner = jnp.full((10, 4), 2.0), jnp.full((10, 4), 5.0)
    mixed = jax.vmap(lambda key: views.log_mixup_exp(key, flat, partner, 0.4))(KEYS)[:, 0, 0]
    share = (np.exp(mixed) - np.exp(2.0)) / (np.exp(5.0) - np.exp(2.0))
    assert share.min() >= -1e-5
    assert 0.3 < share.max() <= 0.4001
    np.testing.assert_allclose(views.log_mixup_exp(KEYS[0], flat, flat, 0.4), flat, atol=1e-5)


def test_fader_ends_differ_by_its_largest_change_at_most():
    faded = jax.vmap(lambda key: views.fader(key, jnp.zeros((50, 4)), 6.0))(KEYS)[:, :, 0]
    change = np.asarray(faded[:, -1] - faded[:, 0]) / views.DB
    assert 5.0 < np.abs(change).max() <= 6.0


def test_noise_lies_at_the_level_that_was_asked():
    grain = views.draw_grain(KEYS[0], 400, 64)
    np.testing.assert_allclose(np.exp(grain).mean(), 1.0, atol=0.05)
    silent = jnp.full((400, 64), -20.0).at[:, :32].set(0.0)
    noisy = views.noise(KEYS[1], silent, grain, (-10.0, -10.0), 1.0)
    added = np.exp(np.asarray(noisy[:, 32:])).mean() / 0.5
    assert 0.02 < added < 0.6  # -10 dB, tilted by up to 8 dB over half the bands
    np.testing.assert_array_equal(views.noise(KEYS[1], silent, grain, (-10.0, 0.0), 0.0), silent)


def test_shift_moves_and_fills():
    ramp = jnp.broadcast_to(jnp.arange(1.0, 21.0)[:, None], (20, 2))
    for key in KEYS[:20]:
        moved = np.asarray(views.shift(key, ramp, 5, jnp.zeros(())))[:, 0]
        kept = moved[moved > 0]
        assert len(kept) >= 15
        np.testing.assert_array_equal(np.diff(kept), 1.0)


def test_crop_keeps_the_asked_share():
    kept = jax.vmap(lambda key: views.crop(key, jnp.ones((200, 1)), (0.3, 0.6), jnp.zeros(())))
    share = np.asarray(kept(KEYS)).mean(axis=(1, 2))
    assert share.min() >= 0.29
    assert share.max() <= 0.61


def test_masks_cover_no_more_than_asked():
    ones = jnp.ones((100, 64))
    over_time = jax.vmap(lambda key: views.mask(key, ones, 10.0, 0, jnp.zeros(())))(KEYS)
    covered = np.asarray((over_time == 0).all(axis=2).sum(axis=1))
    assert 0 < covered.max() <= 22
    over_bands = np.asarray(views.mask(KEYS[0], ones, 8.0, 1, jnp.zeros(())))
    assert (over_bands == over_bands[:1]).all()


def test_level_views_change_the_song_and_leave_the_background():
    clean = jnp.zeros((30, 64)).at[10:20, 20:30].set(5.0)
    out = np.asarray(views.level_views(KEYS[3], clean, Views(), FRONT_END))
    assert np.abs(out - clean)[10:20, 20:30].mean() > 0.05
    assert np.abs(np.asarray(clean == 0) * out).max() == 0.0
    off = Views(gain_db=0.0, filter_db=0.0)
    np.testing.assert_array_equal(views.level_views(KEYS[3], clean, off, FRONT_END), clean)


def test_padding_moves_with_the_song():
    ramp = jnp.ones((60, 8))
    song = jnp.arange(60) < 40
    shifting = Views(shift_s=0.05, time_mask_s=0.0, frequency_mask=0)
    for key in KEYS[:10]:
        view, sound = views.shape_views(
            key,
            jnp.where(song[:, None], ramp, 0.0),
            song,
            jnp.zeros(()),
            jnp.zeros(()),
            shifting,
            FRONT_END,
        )
        np.testing.assert_array_equal(np.asarray(view)[:, 0] > 0, sound)
