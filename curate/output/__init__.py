"""What a curation leaves behind: every row with its decision, and the kept ones in the formats of other tools."""
