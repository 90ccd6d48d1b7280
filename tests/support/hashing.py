"""The documented hash of a key, without an array library."""


def hash_one(*values):
    """The documented hash, written out for one row with Python's integers."""
    wrap = 2**64 - 1

    def mix(state, word):
        state ^= word
        state ^= state >> 33
        state = state * 0xFF51AFD7ED558CCD & wrap
        state ^= state >> 33
        state = state * 0xC4CEB9FE1A85EC53 & wrap
        return state ^ state >> 33

    state = 0x9E3779B97F4A7C15
    for value in values:
        if value is None:
            state = mix(state, wrap)
            continue
        text = value.encode()
        state = mix(state, len(text))
        for at in range(0, len(text), 8):
            state = mix(state, int.from_bytes(text[at : at + 8], "little"))
    return state
