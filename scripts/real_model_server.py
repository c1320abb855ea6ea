"""llama.cpp's server on 127.0.0.1, one slot, one thread: real_model_server.py WEIGHTS.gguf PORT"""
import signal
import sys

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.hostnames = ["127.0.0.1"]
parameters.port = int(sys.argv[2])
parameters.cpuparams.n_threads = 1
parameters.cpuparams_batch.n_threads = 1
parameters.n_ctx = 4096
parameters.n_parallel = 1
parameters.n_gpu_layers = 0
parameters.use_jinja = True
parameters.model_alias = ["local"]
server = xllamacpp.Server(parameters)
print("listening on", server.listening_address, flush=True)
signal.pause()
