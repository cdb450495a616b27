"""What is minimised: outputs of a network for a batch -> terms of a loss.

`method.py` is the form of a training method: read it first. `losses.py` are functions of arrays,
`heads.py` the parts behind the encoder, `self_distillation.py` what methods with prototypes share,
`labels.py` the term of labels, `devices.py` what a step asks of the devices that share its batch.
"""
