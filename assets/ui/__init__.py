"""The Kivy kit: theme, fonts, widgets, pictures, lints."""
