"""What a hand can touch and an eye can see: keys, buttons, LEDs, a command."""
