"""What the pane of images and texts says while there is nothing to show."""

NO_RUNS = (
    "A run that learnt from images or texts, and still has its weights, answers here what it makes of your own. "
    "So does an exported folder."
)
CHOOSE = "Choose a run", "Tick one in the list at the left, or several to see their answers side by side."
WAITING = "Choose a run", "Tick one in the list at the left: it answers what you have handed in."
MEASURED = (
    "Answers in a moment",
    "Once for a run it is measured how sure it may be, and what is unlike all that it learnt. It is kept with the run.",
)
HOW = (
    "Try it on images of your own",
    "Drop images, a folder or a zip anywhere here, paste one, or use the buttons above. Your files are only read.",
)
HOW_TEXTS = (
    "Try it on texts of your own",
    "Type or paste texts above, or drop tables, text files, a folder or a zip anywhere here. Your files are only read.",
)
