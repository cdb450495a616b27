"""From what a species sings to sound, and from recordings back to the gestures that sing them.

In come repertoires (YAML), recordings and song tables; out go waveforms, song tables and gestures.
The folders, each importing only those before it: `tables` (files and the song table), `spectra`
(waveform to log-mel), `voice` (gesture to waveform), `recorder` (waveform to recording), `score`
(repertoire to gesture), `fit` (recording to gesture), `surrogates` (what the other packages draw).
Read `voice/render.py` first for the sound, `surrogates/sing_songs.py` for the whole way.
"""
