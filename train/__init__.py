"""Fine-tune a base model with (Q)LoRA on a curated run or on any data file."""
