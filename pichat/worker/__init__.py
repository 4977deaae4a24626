"""Models that compute for seconds, each in a child process that may crash, hang, be killed or be
unloaded without touching the daemon.

    daemon                                   child: python -m pichat.worker
    Worker ── Order ── Child ══ socket ══ __main__ ── Job (a file of jobs/)

A `Worker` (worker.py) belongs to one model and starts its child when the first request comes. It
answers one request at a time, in order; an answer is a stream of pieces. After `idle_s` without
one the child ends, which gives back every byte that the model took.

**How a model is added**, say the language model: one file, `jobs/llama.py`, that holds

- `Settings` and `Request`, msgspec structs. Bytes in them (sound, images) travel as they are.
- `load(settings, progress) -> Job`, which imports the heavy library inside the function, since
  the daemon imports the file too, for its structs. It calls `progress(0.4)` as often as it can
  tell, and raises a PiChatError whose sentence says why the model cannot be used.
- a class with `run(request, cancelled)`: a generator that yields one piece for each token (a str,
  a struct, or a tagged union of structs) and asks `cancelled()` wherever it can stop, for
  llama.cpp in its abort callback. Being abandoned closes the generator at the next piece.

The daemon then builds

    model = Model(
        job="pichat.worker.jobs.llama", settings=Settings(…), part="local model",
        name="language model", doing="thinking", check=…,
    )
    worker = Worker(model, Token | ToolCall, health, Limits(idle_s=600))

enters `async with worker`, and asks

    async with worker.run(Request(…), deadline_s=60) as pieces:
        async for piece in pieces: …

where leaving the inner context early cancels what the child is computing. `check` runs before each
start, in a thread: it says what is missing, and whether the free memory suffices (memory.py).
`await worker.load()` loads at once, for a model that shall be ready before it is asked.
"""
