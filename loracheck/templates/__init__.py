"""Chat templates: messages to tokens and loss labels, rendered where they can do no harm."""
