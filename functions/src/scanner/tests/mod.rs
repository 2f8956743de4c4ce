//! What holds for the scanner as a whole.
