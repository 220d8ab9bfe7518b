"""Many trainings or many strengths side by side: which is worth its price?"""
