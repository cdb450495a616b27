"""Repertoires: what a species sings, how it varies, and who sings it."""

from dataclasses import dataclass, field

from chingolo.synth.tables.content import LATER
from chingolo.synth.voice.birds import BIRDS, Bird

LAYERS = ("population", "individual", "rendition")


@dataclass(frozen=True)
class Strengths:
    """How much one layer of variation moves a song; standard deviations, 0 for none."""

    pitch: float = 0.0
    """Of the natural logarithm of all frequencies of a song."""

    note_pitch: float = 0.0
    """The same for each note alone."""

    tempo: float = 0.0
    """Of the logarithm of the song's speed."""

    note_duration: float = 0.0
    """Of the logarithm of each note's duration."""

    trill_rate: float = 0.0
    """Of the logarithm of the trill rate."""

    trill_count: float = 0.0
    """Of the logarithm of the number of trill notes."""

    loudness: float = 0.0
    """dB, of each note."""

    timbre: float = 0.0
    """Of the logarithm of alpha."""

    drop: float = 0.0
    """Probability that a note (not a trill) is left out."""

    repeat: float = 0.0
    """Probability that a note (not a trill) is sung twice."""


# Individuals differ more than renditions of one bird: in chingolos pitch varies between males by a
# few percent and within a male by under one (Nottebohm 1969, Condor 71:299-315, describes single
# songs repeated with little change; the exact figures are chosen in that spirit).
DEFAULT_VARIATION = {
    "population": Strengths(pitch=0.01, tempo=0.01, trill_rate=0.02),
    "individual": Strengths(
        pitch=0.03,
        note_pitch=0.02,
        tempo=0.04,
        note_duration=0.06,
        trill_rate=0.05,
        trill_count=0.12,
        loudness=1.5,
        timbre=0.1,
    ),
    "rendition": Strengths(
        pitch=0.006,
        note_pitch=0.006,
        tempo=0.015,
        note_duration=0.02,
        trill_rate=0.01,
        trill_count=0.1,
        loudness=1.0,
        timbre=0.03,
        drop=0.01,
        repeat=0.01,
    ),
}


@dataclass(frozen=True)
class Note:
    """One continuous element as a field worker would sketch it."""

    points: tuple[tuple[float, float], ...]
    """(time in s, frequency in Hz) breakpoints, times ascending from 0; () for noise alone."""

    loudness: float = 0.0
    """dB relative to the loudest notes."""

    attack: float = 0.008
    """Rise time of the envelope, s."""

    release: float = 0.012
    """Fall time of the envelope, s."""

    timbre: float = 1.0
    """Factor on the bird's alpha; above 1 the sound is richer in harmonics."""

    second: tuple[tuple[float, float], ...] = ()
    """Breakpoints of the other source of a two-voiced note, with the same duration; () for none."""

    contour: tuple[tuple[float, float], ...] = field(default=(), metadata=LATER)
    """(time in s, dB added to `loudness`) breakpoints, with the same duration; () for even."""

    noise: tuple[tuple[float, float], ...] = field(default=(), metadata=LATER)
    """(time in s, dB added to `loudness`) breakpoints of turbulence, with the same duration; () for
    none; 0 dB is as strong as a loud note."""

    @property
    def duration(self) -> float:
        """Length, s."""
        return (self.points or self.noise)[-1][0]


MOST_NOTES = 1000
"""Of a trill."""

SLOWEST_TRILL, FASTEST_TRILL = 0.1, 500.0
"""Notes per second."""


@dataclass(frozen=True)
class Item:
    """One place in a song: a note, or a trill of one."""

    note: Note
    count: int = 1
    """How often the note is sung; 1 unless a trill."""

    rate: float = 0.0
    """Notes per second of a trill, Hz."""

    gap: float = 0.0
    """Silence before it, s, but for the first of a song."""

    contour: tuple[tuple[float, float], ...] = field(default=(), metadata=LATER)
    """(number of a trill's note from 1 to `count`, dB added to its loudness) breakpoints; () for
    even."""

    @property
    def duration(self) -> float:
        """Length without the gap, s."""
        return self.note.duration + ((self.count - 1) / self.rate if self.count > 1 else 0.0)


@dataclass(frozen=True)
class Theme:
    """A song type or dialect."""

    name: str
    items: tuple[Item, ...]
    share: float = 1.0
    """Relative frequency where a population gives no shares of its own."""

    habitat: str = ""

    pause: float = field(default=0.0, metadata=LATER)
    """Silence before the first note, s."""


@dataclass(frozen=True)
class Population:
    """The birds of one site in one era."""

    era: str
    site: str
    individuals: int
    shares: tuple[tuple[str, float], ...]
    """(theme, relative frequency) of each theme sung there."""

    latitude: float | None = None
    longitude: float | None = None

    repertoire_size: int = field(default=1, metadata=LATER)
    """Themes that each bird sings in turn."""


@dataclass(frozen=True)
class Repertoire:
    """Themes of a species, how they vary, and who sings them."""

    species: str
    source: str
    """Where the songs come from; shipped ones are schematic."""

    bird: str
    """Key in `birds.BIRDS`, or the name of `own_bird`."""

    themes: tuple[Theme, ...]
    variation: tuple[tuple[str, Strengths], ...]
    populations: tuple[Population, ...]

    own_bird: Bird | None = field(default=None, metadata=LATER)
    """The bird where it is none of `birds.BIRDS`."""

    @property
    def singer(self) -> Bird:
        """The constants of who sings."""
        return self.own_bird or BIRDS[self.bird]

    @property
    def theme_names(self) -> tuple[str, ...]:
        """Names of the themes, in the file's order."""
        return tuple(theme.name for theme in self.themes)

    @property
    def theme_shares(self) -> tuple[float, ...]:
        """How often each theme is sung by all birds together; adds up to 1.

        Where all themes' own shares are 0, by the populations' shares and individuals.
        """
        shares = [theme.share for theme in self.themes]
        if not sum(shares):
            for population in self.populations:
                total = sum(share for _, share in population.shares)
                for name, share in population.shares:
                    shares[self.theme_names.index(name)] += population.individuals * share / total
        return tuple(share / sum(shares) for share in shares)
