"""What hides inputs: one seed an image, and files of salts."""
