"""Samplers: which triplets are worth asking about.

`samplers` lists them and makes one by name; `proposals` says what all have in common. Those that
follow the answers (`adaptive`) look at an ensemble of heads (`ensemble`), which is fitted again in
the background (`refitting`) as answers come.
"""
