"""What a training will take, before it is run: parameters, memory, tokens, time."""
