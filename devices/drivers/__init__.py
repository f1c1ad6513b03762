"""One driver a file; a folder where the library below it wants taming (escpos)."""
