"""Runs in the sandbox: which releases made customers ask for their money back? Days are those of the shop."""

import re
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta

from servers import ecommerce, git, time, together

repository, zone = sys.argv[1:]
# From the server, because an image need not know time zones.
offset = datetime.fromisoformat(time.get_current_time(timezone=zone)["datetime"]).tzinfo


def day_of(moment):
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).astimezone(offset).date()


def commits_of(day):
    """The commits of a day, with the files that they changed."""
    # Wide enough for every time zone. Without a time of day, Git would add that of now.
    since, until = (f"{day + timedelta(days=days)}T00:00:00Z" for days in (-1, 2))
    log = git.git_log(repo_path=repository, max_count=100, start_timestamp=since, end_timestamp=until)
    entries = re.findall(r"Commit: (\S+)\nAuthor: (.*)\nDate: (.*)\nMessage: (.*)", log)
    found = [(sha, author, text) for sha, author, date, text in entries if day_of(date) == day]
    patches = together(git.git_show, [{"repo_path": repository, "revision": sha} for sha, *_ in found])
    return [(*commit, re.findall(r"^\+\+\+ b/(.*)", patch, re.M)) for commit, patch in zip(found, patches)]


# How many orders of each day, and how many of them were paid back, for which reasons.
orders, refunds = Counter(), defaultdict(Counter)
for moment, count in ecommerce.report_run(dataset="orders", group_by="created_at")["data"]["result"].items():
    orders[day_of(moment)] += count
refunded = list(ecommerce.report_run(dataset="refunds", group_by="order_id")["data"]["result"])
ordered = together(ecommerce.order_get, refunded)
for order, found in zip(ordered, together(ecommerce.refund_list_by_order, refunded)):
    refunds[day_of(order["data"]["created_at"])].update(refund["reason"] for refund in found["data"])

share = {day: refunds[day].total() / count for day, count in orders.items()}
usual = sorted(share.values())[len(share) // 2]
bad = {day for day in share if share[day] > 4 * max(usual, 0.05)}
print(f"{orders.total()} orders, {len(refunded)} paid back; on most days {usual:.0%}")
for first in sorted(day for day in bad if day - timedelta(days=1) not in bad):
    days = [first]
    while days[-1] + timedelta(days=1) in bad:
        days.append(days[-1] + timedelta(days=1))
    over = days[-1] + timedelta(days=1)
    reasons = sum((refunds[day] for day in days), Counter())
    (reason, count), made = reasons.most_common(1)[0], sum(orders[day] for day in days)
    print(f"\n{first} to {days[-1]}: {reasons.total()} of {made} orders paid back, {count} because of {reason}")
    after = {file: commit for *commit, files in commits_of(over) for file in files}
    for sha, author, text, files in commits_of(first):
        print(f"  {first}  {sha[:7]}  {author}: {text} ({', '.join(files)})")
        for sha, author, text in (after[file] for file in files if file in after):
            print(f"  {over}  {sha[:7]}  {author}: {text}  <- the same file, and it was over")
