"""What the recorder may have done: eras made alike in channel, and the channel placebo.

The channel is all between beak and file (air, background, recorder); the recorder is the machine.
In: waves or recordings of two eras, and the tests of a change. Out: equalised songs, modern songs
as the historical recorder would have made them, and what is left of the change then. Read
`equalise.py` first, then `placebo.py`.
"""
