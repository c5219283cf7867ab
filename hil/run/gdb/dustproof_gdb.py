"""Commands for gdb: the firmware's tasks and the run's clock. Reads `dustproof_debug_view`; needs no debug information."""
import json
import os
import struct

import gdb

STATES = ("ready", "running", "waiting", "ended", "computing")
# Where Boost.Context keeps what a switched-out task needs, from the saved context on (System V, x86-64).
SAVED = {"r12": 0x10, "r13": 0x18, "r14": 0x20, "r15": 0x28, "rbx": 0x30, "rbp": 0x38, "rip": 0x40}
STACK_AFTER = 0x48


def read(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def word(address):
    return int.from_bytes(read(address, 8), "little")


def c_string(address):
    return gdb.selected_inferior().read_memory(address, 64).tobytes().split(b"\0")[0].decode("ascii", "replace")


class Task:
    def __init__(self, address, offsets):
        self.address = address
        at = {name: address + offset for name, offset in zip(
            ("id", "name", "state", "hal_call", "context", "stack_bottom", "stack_bytes"), offsets)}
        self.id = int.from_bytes(read(at["id"], 4), "little")
        self.name = read(word(at["name"]), word(at["name"] + 8)).decode("utf-8", "replace")
        state = int.from_bytes(read(at["state"], 4), "little")
        self.state = STATES[state] if state < len(STATES) else "?"
        self.hal_call = c_string(word(at["hal_call"]))
        self.context = word(at["context"])
        self.stack_bottom = word(at["stack_bottom"])
        self.stack_bytes = word(at["stack_bytes"])

    def registers(self):
        saved = {name: word(self.context + offset) for name, offset in SAVED.items()}
        saved["rsp"] = self.context + STACK_AFTER
        return saved


class View:
    """What the run looks like at this stop."""

    LAYOUT = "<IIQQQQQ7I"

    def __init__(self):
        try:
            address = int(gdb.parse_and_eval("(unsigned long)&dustproof_debug_view"))
            fields = struct.unpack(self.LAYOUT, read(address, struct.calcsize(self.LAYOUT)))
        except gdb.error as error:
            raise gdb.GdbError("no run to look at: %s" % error)
        if fields[0] != 1:
            raise gdb.GdbError("this script reads layout 1, the program has %d" % fields[0])
        tasks, current, in_task, now_ns, events_run = fields[2:7]
        if tasks == 0:
            raise gdb.GdbError("no firmware is loaded yet")
        self.now_s = int.from_bytes(read(now_ns, 8), "little", signed=True) / 1e9
        self.events_run = word(events_run)
        begin, end = word(tasks), word(tasks + 8)
        self.tasks = [Task(word(at), fields[7:]) for at in range(begin, end, 8)]
        self.current = next((t for t in self.tasks if t.address == word(current)), None)
        self.in_task = read(in_task, 1) != b"\0"

    def find(self, text):
        for task in self.tasks:
            if task.name == text or str(task.id) == text:
                return task
        raise gdb.GdbError("no task '%s'; there are: %s" % (text, ", ".join(t.name for t in self.tasks)))

    def is_live(self, task):
        """True where the processor's registers are this task's."""
        return self.in_task and task is self.current


def in_task(view, task, command):
    """Executes `command` as if the processor stood where the task does."""
    if view.is_live(task):
        gdb.execute(command)
        return
    selected = gdb.newest_frame()
    selected.select()
    new = task.registers()
    old = {name: int(gdb.parse_and_eval("(unsigned long)$" + name)) for name in new}
    try:
        for name, value in new.items():
            gdb.execute("set $%s = %d" % (name, value), to_string=True)
        gdb.execute(command)
    finally:
        gdb.newest_frame().select()
        for name, value in old.items():
            gdb.execute("set $%s = %d" % (name, value), to_string=True)


def where(view):
    doing = "no task" if view.current is None else "task %s%s, last HAL call %s" % (
        view.current.name, "" if view.in_task else " (the simulator works for it)", view.current.hal_call)
    return "%.9f simulated s, %d events run, %s" % (view.now_s, view.events_run, doing)


class Dustproof(gdb.Command):
    """The run and its firmware's tasks: now, tasks, bt, in, back, goto."""

    def __init__(self):
        super().__init__("dustproof", gdb.COMMAND_USER, prefix=True)


class Now(gdb.Command):
    """Tells simulated time, the number of events so far, and the task that runs."""

    def __init__(self):
        super().__init__("dustproof now", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        print(where(View()))


class Tasks(gdb.Command):
    """Lists the firmware's tasks: number, name, state, last HAL call, stack in use."""

    def __init__(self):
        super().__init__("dustproof tasks", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        view = View()
        print("   id  %-20s %-9s %-28s stack" % ("name", "state", "last HAL call"))
        for task in view.tasks:
            top = task.stack_bottom + task.stack_bytes
            stack = int(gdb.parse_and_eval("(unsigned long)$rsp")) if view.is_live(task) else task.context
            used = top - stack if task.stack_bottom <= stack <= top else 0
            print("%s %4d  %-20s %-9s %-28s %d of %d" % (
                "*" if task is view.current else " ", task.id, task.name, task.state, task.hal_call, used,
                task.stack_bytes))


class Backtrace(gdb.Command):
    """Unwinds a task: dustproof bt NAME|NUMBER|all."""

    def __init__(self):
        super().__init__("dustproof bt", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        view = View()
        wanted = argument.strip()
        if wanted == "":
            tasks = [view.current] if view.current else view.tasks
        else:
            tasks = view.tasks if wanted == "all" else [view.find(wanted)]
        for task in tasks:
            print("task %s (%s, last HAL call %s):" % (task.name, task.state, task.hal_call))
            in_task(view, task, "backtrace")


class InTask(gdb.Command):
    """Executes a command where a task stands: dustproof in NAME|NUMBER COMMAND, e.g. `dustproof in main up 3`."""

    def __init__(self):
        super().__init__("dustproof in", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        name, _, command = argument.strip().partition(" ")
        if not command:
            raise gdb.GdbError("wants a task and a command")
        view = View()
        in_task(view, view.find(name), command)


def run_again(break_at):
    """Starts the run anew, to stop at `break_at`: a run repeats itself, so this is also the way back."""
    with open(dustproof_request, encoding="utf-8") as file:
        request = json.load(file)
    request["break_at"] = break_at
    # A path is bytes, each written as the character of its number.
    recording = os.fsdecode(request["recording"].encode("latin-1"))
    for path in (recording, os.path.splitext(recording)[0] + ".diagnosis.json"):
        if os.path.exists(path):
            os.remove(path)
    with open(dustproof_request, "w", encoding="utf-8") as file:
        json.dump(request, file)
    if gdb.selected_inferior().pid != 0:
        gdb.execute("kill")
    gdb.execute("run")


class Back(gdb.Command):
    """Goes back: runs again to just before the last event, or to before the last N: dustproof back [N]."""

    def __init__(self):
        super().__init__("dustproof back", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        count = int(argument) if argument.strip() else 1
        events = View().events_run - count
        if count < 1 or events < 0:
            raise gdb.GdbError("only %d events have run" % View().events_run)
        run_again({"events_run": events})


class Goto(gdb.Command):
    """Runs again and stops there: dustproof goto SECONDS | dustproof goto NUMBERev (before that event)."""

    def __init__(self):
        super().__init__("dustproof goto", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        text = argument.strip()
        try:
            if text.endswith("ev"):
                run_again({"events_run": int(text[:-2]) - 1})
            else:
                run_again({"time_ns": int(float(text.rstrip("s")) * 1e9)})
        except ValueError:
            raise gdb.GdbError("wants seconds, e.g. 12.5, or an event's number, e.g. 1234ev")


def on_stop(event):
    """Says where the run stands whenever it stops, and notes it for `--break-at -1ev`."""
    try:
        view = View()
    except gdb.GdbError:
        return
    print("dustproof: " + where(view))
    with open(os.path.join(os.path.dirname(dustproof_request), "stop.json"), "w", encoding="utf-8") as file:
        json.dump({"now_s": view.now_s, "events_run": view.events_run, "where": "at " + where(view)}, file)


for command in (Dustproof, Now, Tasks, Backtrace, InTask, Back, Goto):
    command()
gdb.events.stop.connect(on_stop)
