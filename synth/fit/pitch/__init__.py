"""How low a voice is: the fundamental of a stack, the pace of a bird, and which bird sings."""
