"""Fine-tune a base with (Q)LoRA on a curated run or on any data file, foresee it, and look at what came out.

The procedure is in pipeline, its options in config, choices and presets; inputs is what a run reads, adapters what is
put on the base, results what is left behind.

batches     rows to token ids and labels, the loss mask audited, in the order of the steps
planning    memory and time before anything is trained
fitting     the loss, the steps, the checkpoints, and what is measured at each
trials      many trainings or strengths side by side: sweeps and scales
merging     the form that ships, and how far it is from the trained one
inspection  what an adapter is made of, whoever trained it
"""
