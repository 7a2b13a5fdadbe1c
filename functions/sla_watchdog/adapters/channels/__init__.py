"""How a message reaches a recipient: a folder for each channel, and `registered.py`, where each is
named once.
"""
