"""Select a small, good, diverse subset of instruction data and say why each row was kept or dropped.

The procedure is in pipeline, its options in config, choices and presets; rows and store hold the data on disk, ledger
where every row ends and why, findings what the steps learn of it; synthesize makes rows that nobody collected.

filters     what is asked of one row by itself
duplicates  copies, siblings of a template, the same in other words, one statement told again and again
scoring     what the base makes of a row
judging     a judge's scores, and what may be concluded from them for rows that it did not see
selection   what is held out, what is kept
output      every row with its decision, and the kept ones for other tools
"""
