"""The help of each command, with examples; PROGRAM stands for how this program was called."""

from __future__ import annotations

ABOUT = "Warmstart: a desktop workbench for transfer learning and meta-learning."
TOUR = """\
with no command the workbench opens in a window. From the terminal:

  PROGRAM demo                        the one-minute example: three ways to learn 40 classes from 2 labels each
  PROGRAM list methods                what can be run; also datasets, backbones, presets, devices, runs
  PROGRAM run few-shot                run a preset or an experiment file with a progress bar
  PROGRAM run --data digits --method scratch --labels-per-class 10 --seeds 3
  PROGRAM resume 5                    go on with a run that was stopped or cut off, from where it was
  PROGRAM study list                  studies: one question, a grid of runs, one figure
  PROGRAM compare 4 5                 which of two saved runs is better, and is the difference real?
  PROGRAM between 4 5                 the loss on the straight line between two runs: one basin, or a barrier?
  PROGRAM predict 5 new-photos/       what a saved run says of images, a folder or a zip
  PROGRAM fetch eurosat               a data set or weights that others publish; nothing else is ever fetched

Everything is saved in one database that the window shows too. Exit codes: 0 done, 1 a run failed, 2 bad input,
130 stopped with Ctrl+C.
"""
RUN_HELP = """\
examples:

  PROGRAM run digits-enough-labels            a preset (see: PROGRAM list presets)
  PROGRAM run my-experiment.json              an experiment file, or a study: {"experiments": [...], "seeds": [0, 1, 2]}
  PROGRAM run --data photos.zip --backbone squeezenet1_0 --weights imagenet --method lp_ft
  PROGRAM run --data glyphs --classes 40 --labels-per-class 2 --seeds 3
  PROGRAM run --data digits --labels-per-class 5 --shift noise:3 --tested-on noise:5 blur:3
  PROGRAM run --data digits --method linear_probe --search 20 --folds 5
  PROGRAM run --data digits --method full_ft --set optimiser=SGD --set layers.conv1.rate=0 --minutes 2
  PROGRAM run --method maml --set inner_steps=5 --set shot=5 --minutes 10
  PROGRAM run --data digits --dry-run > my-experiment.json

A folder or zip holds one folder of images per class. --set changes one of the method's hyperparameters
(PROGRAM list methods --json names them all). Ctrl+C stops, evaluates and keeps; a second Ctrl+C leaves at once. Either
way the run can go on later: PROGRAM resume RUN
"""
RESUME_HELP = """\
examples:

  PROGRAM resume 5                            from the last place that was kept, as if it had never ended
  PROGRAM resume 5 7 "my best"                one after another
  PROGRAM resume --all                        every run that waits or was cut off, but for those of studies

A run keeps where it is every few seconds, and when it is stopped. What came after is done again: curves, figures and
weights are those of a run that was never cut off. A study goes on with: PROGRAM study continue STUDY
"""
STUDY_HELP = """\
examples:

  PROGRAM study list                          the saved studies and the bundled ones
  PROGRAM study error-against-size            run a bundled study; its table is printed at the end
  PROGRAM study ulmfit --figure ulmfit.png    and its figure is drawn
  PROGRAM study ulmfit --data mails.csv       the same question of other data
  PROGRAM study ulmfit --dry-run              what would be run, and about how long it takes
  PROGRAM study my-study.json --seeds 3       a study file: {"title": …, "arms": [{"title": …, "method": …}, …],
                                              "labels": [1, 5], "shifts": [null, {"kind": "noise", "severity": 3}]}
  PROGRAM study continue 2                    go on after a stop, a crash or a failure; nothing finished is run again
  PROGRAM study show 2                        its table so far and what it says

The window shows the same studies with a figure. Ctrl+C stops; what is finished is kept.
"""
PREDICT_HELP = """\
examples:

  PROGRAM predict 5 photo.jpg                 the three likeliest classes
  PROGRAM predict 5 photos/ more.zip --top 1  every image in them, one line each
  PROGRAM predict 5 photos/ --csv found.csv   also as a table; --json for programs, with every class
  PROGRAM predict rubbish-model photos/       a folder that was exported
  PROGRAM predict 6 reviews.csv --csv said.csv   texts of a table, by a run that learnt from texts
  PROGRAM predict 6 --text "a lovely film"    a text; each line of standard input is one with -

Each image is read and prepared as those that the run learnt from. What cannot be read is named with the reason; exit
code 1 where nothing could be.
"""
ADAPT_HELP = """\
examples:

  PROGRAM adapt 7 my-classes/ new-images/     my-classes/ holds a folder of a few images for each class
  PROGRAM adapt 7 my-classes/ new/ --calibrate   first how sure it may be, by the validation tasks of its run
  PROGRAM adapt kept/signs/ new-images/       classes that were kept on the page Try it, with their network
  PROGRAM adapt 9 few.csv --text "hello"      few.csv holds a few texts of each class

A run of a method that learns tasks (MAML, ProtoNet and the like) adapts in its own way; of any other the nearest class
mean answers, or another --head, on the features of its network. What is saved stays as it is. Images are answered 64 at
a time: where a method looks at all of them together, as with batch norm by the query images, an answer can depend on
its neighbours.
"""
TEST_HELP = """\
examples:

  PROGRAM test 5 new-photos/                  one run on images that it has never met
  PROGRAM test 5 6 7 new-photos.zip           several, to be compared there

Classes are matched by name. Images that a run learnt from, and those of classes that it does not know, are left out and
told. The figures stand beside the run's own from then on; testing the same folder again takes their place. A folder
that more than one candidate was tested on no longer says how the best of them does on new images.
"""
KEPT_HELP = """\
examples:

  PROGRAM kept 5 6 7                          what each of three recipes has forgotten of their source
  PROGRAM run --weights run:4 --data photos/ --method l2_sp --what-it-keeps
                                              the same after each epoch, while it learns

Each run is asked about test images of the run whose weights it started from, which neither of the two has learnt from:
by the head that the source had, and by a fresh linear probe on the new features. Where the probe still tells them, the
knowledge is there and only the old head no longer fits. The figures stand beside the run's own from then on.
"""
BETWEEN_HELP = """\
examples:

  PROGRAM between 5                           the straight line from what run 5 began with to what it became
  PROGRAM between 5 6                         the line between two runs: is there a barrier, or one basin?
  PROGRAM between 5 6 7 --csv plane.csv       the plane through three
  PROGRAM between 5 --around                  a plane around one, each filter moved by its own length

All weights are mixed, heads included, so the runs need one backbone and the same classes. Loss and accuracy of every
point are measured on the same images. Ctrl+C gives up; the same command goes on from there, and once done it answers
at once.
"""
MIX_HELP = """\
examples:

  PROGRAM mix 5                               run 5 between its start and its result, alpha by alpha
  PROGRAM mix 5 --on other-photos/ --keep     also on another folder; the chosen mixture becomes a run of its own
  PROGRAM mix 5 6 7 8 --keep                  soups: the greedy one becomes a run of its own

One run needs a start with a head that had learnt: LP-FT, or a run that kept the head of a probe. Several need one start
and one head: probe once, then fine-tune that run with other rates, seeds or augmentation, its head kept each time.
Validation images choose; test images are only told. Batch norm's statistics are averaged anew on training images
wherever the mixed runs do not share them, and moved as far as each run's own are beside such an average.
"""
EXPORT_HELP = """\
examples:

  PROGRAM export 5 --to rubbish-model         model.onnx, weights, a card, predict.py of twelve lines
  PROGRAM export 5 --to rubbish-model --pt2   also for torch
  PROGRAM export 7 --to signs --classes my-classes/
  PROGRAM export kept/signs/ --to signs       classes that were kept on the page Try it, with their network
                                              of a method that learns classes by example, with these classes

The folder is written only when onnxruntime has said the same as this program on images of the run's own; how near is
told, and stands in the card. What adapts its weights to new classes (MAML and the like) gives its network alone.
PROGRAM predict rubbish-model new-photos/ asks the folder; PROGRAM weights add rubbish-model starts from its network.
"""
CLUSTER_HELP = """\
examples:

  PROGRAM cluster start                       prints the line that other machines are to be given
  PROGRAM cluster start --host 192.168.1.7    where this machine has several addresses
  PROGRAM cluster status                      who is there, and what they work
  PROGRAM cluster stop
  PROGRAM run --data digits --seeds 20 --device cluster
  PROGRAM study which-block --device cluster

A run on the cluster is the same run as here: it is saved here alone, and goes on there when this program ends; PROGRAM
resume, or the study's "continue", fetches what came meanwhile. Data, weights of earlier runs and results travel by
themselves. Whoever has the key file may run programs on the machines; nobody else is let in. Needs the extra "cluster".
"""
WORKER_HELP = """\
examples:

  PROGRAM worker --connect tls://192.168.1.7:8786 --key cluster.key
  PROGRAM worker --connect tls://192.168.1.7:8786 --key cluster.key --places 4
  PROGRAM worker --connect tls://192.168.1.7:8786 --key cluster.key --places 4 --port 8800   where a firewall lets
                                              in nobody but at 8800 to 8803

Comes back by itself when the network or the cluster was gone. All it is sent lies in the folder "worker" of the
workspace. The cluster must have the same version of Warmstart.
"""
FETCH_HELP = """\
examples:

  PROGRAM fetch eurosat                       a data set (PROGRAM list datasets says which can be fetched)
  PROGRAM fetch resnet18 squeezenet1_0        the weights of networks (PROGRAM list backbones)
  PROGRAM fetch resnet18:imagenet             these weights of it

It is said before how much comes, from where, under which licence, and where it goes. Ctrl+C keeps what has come; the
same command goes on from there.
"""
