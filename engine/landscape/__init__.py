"""The loss around saved runs, and between them: networks as points in the space of their weights, head included.

From the bottom: `mixing` adds networks up (the line between two, the plane of three, the mean of many); `corners` opens
saved runs as such points and refuses what has no straight line between it; `ground` holds the images that every point
is measured on; `surveying` puts a point into a network, averages batch norm's statistics anew where the corners do not
share them, and measures loss and accuracy. What mixes weights for a purpose of its own (WiSE-FT, soups) takes these:

    corners = [ended(folder, title), …]; refuse_unlike(corners)
    surveyor = Surveyor(corners, images)           # images: `Ground`, or any `Labelled` to average statistics on
    surveyor.put(mixed([c.state for c in corners], shares))   # surveyor.network now is that point, in eval mode
    sounding = surveyor.sound(labelled)             # its loss and answers, image by image
"""
