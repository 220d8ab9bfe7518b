"""Fine-tune a base with (Q)LoRA on a curated run or on any data file, foresee it, and look at what came out.

The run         pipeline, config; choices, presets, inputs, encode, order, layout: rows to steps; adapters, loss,
                trainer: the fit; thrift, heap: with less memory; repeat: alike each time; reader, readings,
                checkpoints: what is measured and kept on the way; results, trackers, processes
Many runs       grid, sweep
The plan        plan; architecture, adapted: sizes; rehearsal, machine, forecast: memory and time; probe; dryrun
An adapter      scale, strength: weaker forms of it
                merge, mergedmodel, shipped, ggufexport, modelcard: its shipped form
                anatomy, kinds, traces, notices: what it is; modules, spectrum, intruders,
                baseweights: what it changes; loads: who can load it; kohya, names, tagwords: those of image models
"""
