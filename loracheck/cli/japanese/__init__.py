"""The command line in Japanese: its help, and what it says of wrong usage, looked up by the English sentence.

Imported only where Japanese is spoken. The English of the commands stays where it is; a test holds that each of its
sentences has its Japanese here, and that nothing here is left over.
"""
