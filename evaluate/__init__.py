"""Put the same held-out probes to base and adapters and turn the findings into a verdict.

The procedure is in pipeline, its options in config, the limits in policy; evidence is what was answered, asked a
finished run as it may be judged, score and gate judge answers that are there.

arms        who answers: base, adapters, whole models, servers, files
questions   what is asked of every arm, in which order, and what that takes
checks      a module each, and the shapes of the tests that they share; readings: what several of them read alike
verdict     ship, hold or inconclusive, with the error under control
comparison  arm against arm over seeds, one adapter on two days
causes      the training rows behind the failures
"""
