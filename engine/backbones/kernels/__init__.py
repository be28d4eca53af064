"""Operations of our own where they are faster or differentiate further than torch's, as measured."""
