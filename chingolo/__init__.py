"""Chingolo hears how a birdsong dialect changed; begin with `chingolo.synth`."""
