"""llama.cpp's server on 127.0.0.1, one slot, one thread, until standard input closes: real_model_server.py DIRECTORY PORT

The directory holds the unpacked packages of scripts/real-model.sh; port 0 is any free one. The address is printed
once it can be asked.
"""
import os
import pathlib
import socket
import sys

directory, port = pathlib.Path(sys.argv[1]), int(sys.argv[2])
sys.path.insert(0, str(directory))
import xllamacpp  # noqa: E402

if port == 0:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
parameters = xllamacpp.CommonParams()
parameters.model.path = str(next(directory.glob("**/*.gguf")))
parameters.hostnames = ["127.0.0.1"]
parameters.port = port
parameters.cpuparams.n_threads = 1
parameters.cpuparams_batch.n_threads = 1
parameters.n_ctx = 4096
parameters.n_parallel = 1
parameters.n_gpu_layers = 0
parameters.use_jinja = True
parameters.model_alias = ["local"]
server = xllamacpp.Server(parameters)
print("listening on", server.listening_address, flush=True)
sys.stdin.read()
os._exit(0)
