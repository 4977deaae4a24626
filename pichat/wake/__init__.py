"""Wake words: engines that score how surely one was just said."""
