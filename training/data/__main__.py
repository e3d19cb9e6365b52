"""Say what is in FER-2013's data: pictures, duplicates, votes.

python -m training.data DATA [--votes fer2013new.csv] [--skip-bad] [--report models/report.json]
"""

from training.data import main

raise SystemExit(main())
