"""Voice activity: is anybody speaking?"""
