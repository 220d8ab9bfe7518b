"""Put the same held-out probes to base and adapters and turn the findings into a verdict.

The run        pipeline, config; tiers, cost, lengths, plan: how much is asked; gathering, material, asking: what is
               asked; arms, wholemodels, names, origins, preflight: who answers; evidence: what was answered; score:
               answers that are there
The checks     check, checks, catalogue; a module each: content, forgetting, collapse, imitation, calibration, leakage,
               form, surface, language, unknown_words, spelling, memorisation, personal_data, canary_exposure,
               likelihood_gap, training_answers, over_training, safety, system_prompt, instructions, robustness
What they use  gates, open_gate: shapes of tests; style, system_prompts, swaps, sameness, row_scores, loss_curve
The verdict    verdict, precedence, sanity, forbidden; policy, scope, waivers, looks; gate; power
Several runs   compare, alignment, measures, repetition; columns, changes, conclusion
The causes     causes, causes_config, causes_plan, failures, similarity, overlap, neighbours, gradients, vectors,
               blame, looked, explained
"""
