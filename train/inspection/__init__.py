"""What an adapter is made of, read without trusting it: of language models and of image models."""
