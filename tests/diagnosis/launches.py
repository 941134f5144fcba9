"""Whole launches of every engine and version, each line with the phase in which the launch stands when its log ends there.

A line reads `phase | line`; `.` repeats the phase above, `done` is a launch that is ready. Which release prints what, with
which header and process name, is as released; hosts, models and times are made up.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

VLLM_0_5_0 = """
    start            | INFO 06-20 10:00:00 api_server.py:177] vLLM API server version 0.5.0.post1
    .                | INFO 06-20 10:00:00 api_server.py:178] args: Namespace(host=None, port=8000, model='/models/m-7b', tensor_parallel_size=2, pipeline_parallel_size=1, enforce_eager=False, disable_custom_all_reduce=False)
    .                | INFO 06-20 10:00:02 config.py:623] Defaulting to use mp for distributed inference
    .                | INFO 06-20 10:00:02 llm_engine.py:161] Initializing an LLM engine (v0.5.0.post1) with config: model='/models/m-7b', speculative_config=None, tokenizer='/models/m-7b', tensor_parallel_size=2, disable_custom_all_reduce=False, quantization=None, enforce_eager=False, seed=0)
    .                | (VllmWorkerProcess pid=411) INFO 06-20 10:00:06 multiproc_worker_utils.py:215] Worker ready; awaiting tasks
    nccl-init        | INFO 06-20 10:00:08 utils.py:637] Found nccl from library libnccl.so.2
    .                | (VllmWorkerProcess pid=411) INFO 06-20 10:00:08 utils.py:637] Found nccl from library libnccl.so.2
    .                | INFO 06-20 10:00:08 pynccl.py:63] vLLM is using nccl==2.20.5
    .                | (VllmWorkerProcess pid=411) INFO 06-20 10:00:08 pynccl.py:63] vLLM is using nccl==2.20.5
    all-reduce-setup | INFO 06-20 10:00:10 custom_all_reduce_utils.py:170] generating GPU P2P access cache in /root/.config/vllm/gpu_p2p_access_cache_for_0,1.json
    .                | INFO 06-20 10:00:21 custom_all_reduce_utils.py:179] reading GPU P2P access cache from /root/.config/vllm/gpu_p2p_access_cache_for_0,1.json
    .                | (VllmWorkerProcess pid=411) INFO 06-20 10:00:21 custom_all_reduce_utils.py:179] reading GPU P2P access cache from /root/.config/vllm/gpu_p2p_access_cache_for_0,1.json
    load             | INFO 06-20 10:00:24 weight_utils.py:218] Using model weights format ['*.safetensors']
    .                | (VllmWorkerProcess pid=411) INFO 06-20 10:00:24 weight_utils.py:218] Using model weights format ['*.safetensors']
    .                | INFO 06-20 10:00:31 model_runner.py:160] Loading model weights took 7.1 GB
    profile          | (VllmWorkerProcess pid=411) INFO 06-20 10:00:32 model_runner.py:160] Loading model weights took 7.1 GB
    .                | INFO 06-20 10:00:36 distributed_gpu_executor.py:56] # GPU blocks: 11000, # CPU blocks: 4096
    capture          | INFO 06-20 10:00:39 model_runner.py:889] Capturing the model for CUDA graphs. This may lead to unexpected consequences if the model is not static.
    .                | (VllmWorkerProcess pid=411) INFO 06-20 10:00:39 model_runner.py:889] Capturing the model for CUDA graphs. This may lead to unexpected consequences if the model is not static.
    .                | (VllmWorkerProcess pid=411) INFO 06-20 10:00:55 custom_all_reduce.py:267] Registering 2275 cuda graph addresses
    .                | INFO 06-20 10:00:55 model_runner.py:965] Graph capturing finished in 16 secs.
    ready            | (VllmWorkerProcess pid=411) INFO 06-20 10:00:55 model_runner.py:965] Graph capturing finished in 16 secs.
    .                | INFO:     Started server process [1]
    .                | INFO:     Waiting for application startup.
    done             | INFO:     Application startup complete.
    .                | INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)
"""

VLLM_0_6_4 = """
    start            | INFO 11-20 09:00:00 api_server.py:585] vLLM API server version 0.6.4.post1
    .                | INFO 11-20 09:00:00 api_server.py:586] args: Namespace(model='org/m-70b', tensor_parallel_size=4, pipeline_parallel_size=1, enforce_eager=False)
    .                | INFO 11-20 09:00:01 api_server.py:194] Started engine process with PID 77
    .                | INFO 11-20 09:00:09 config.py:350] This model supports multiple tasks: {'generate', 'embedding'}. Defaulting to 'generate'.
    .                | INFO 11-20 09:00:10 config.py:1020] Defaulting to use mp for distributed inference
    .                | INFO 11-20 09:00:12 llm_engine.py:249] Initializing an LLM engine (v0.6.4.post1) with config: model='org/m-70b', tensor_parallel_size=4, pipeline_parallel_size=1, disable_custom_all_reduce=False, enforce_eager=False
    .                | WARNING 11-20 09:00:12 multiproc_gpu_executor.py:56] Reducing Torch parallelism from 64 threads to 1 to avoid unnecessary CPU contention. Set OMP_NUM_THREADS in the external environment to tune this value as needed.
    .                | (VllmWorkerProcess pid=201) INFO 11-20 09:00:20 multiproc_worker_utils.py:215] Worker ready; awaiting tasks
    .                | (VllmWorkerProcess pid=202) INFO 11-20 09:00:20 multiproc_worker_utils.py:215] Worker ready; awaiting tasks
    .                | (VllmWorkerProcess pid=203) INFO 11-20 09:00:20 multiproc_worker_utils.py:215] Worker ready; awaiting tasks
    nccl-init        | INFO 11-20 09:00:22 utils.py:961] Found nccl from library libnccl.so.2
    .                | INFO 11-20 09:00:22 pynccl.py:69] vLLM is using nccl==2.21.5
    .                | (VllmWorkerProcess pid=203) INFO 11-20 09:00:22 pynccl.py:69] vLLM is using nccl==2.21.5
    .                | (VllmWorkerProcess pid=201) INFO 11-20 09:00:22 pynccl.py:69] vLLM is using nccl==2.21.5
    .                | (VllmWorkerProcess pid=202) INFO 11-20 09:00:22 pynccl.py:69] vLLM is using nccl==2.21.5
    all-reduce-setup | (VllmWorkerProcess pid=202) WARNING 11-20 09:00:24 custom_all_reduce.py:134] Custom allreduce is disabled because it's not supported on more than two PCIe-only GPUs. To silence this warning, specify disable_custom_all_reduce=True explicitly.
    .                | WARNING 11-20 09:00:24 custom_all_reduce.py:134] Custom allreduce is disabled because it's not supported on more than two PCIe-only GPUs. To silence this warning, specify disable_custom_all_reduce=True explicitly.
    .                | INFO 11-20 09:00:24 shm_broadcast.py:236] vLLM message queue communication handle: Handle(connect_ip='127.0.0.1', local_reader_ranks=[1, 2, 3], buffer=<vllm.distributed.device_communicators.shm_broadcast.ShmRingBuffer object at 0x7f00>, local_subscribe_port=48123, remote_subscribe_port=None)
    load             | INFO 11-20 09:00:24 model_runner.py:1072] Starting to load model org/m-70b...
    .                | (VllmWorkerProcess pid=201) INFO 11-20 09:00:24 model_runner.py:1072] Starting to load model org/m-70b...
    .                | INFO 11-20 09:00:25 weight_utils.py:243] Using model weights format ['*.safetensors']
    .                | Loading safetensors checkpoint shards:   0% Completed | 0/30 [00:00<?, ?it/s]
    .                | Loading safetensors checkpoint shards:  50% Completed | 15/30 [00:15<00:15,  1.00s/it]
    .                | Loading safetensors checkpoint shards: 100% Completed | 30/30 [00:30<00:00,  1.00s/it]
    .                | INFO 11-20 09:00:56 model_runner.py:1077] Loading model weights took 32.9 GB
    profile          | (VllmWorkerProcess pid=201) INFO 11-20 09:00:57 model_runner.py:1077] Loading model weights took 32.9 GB
    .                | (VllmWorkerProcess pid=202) INFO 11-20 09:00:57 model_runner.py:1077] Loading model weights took 32.9 GB
    .                | (VllmWorkerProcess pid=203) INFO 11-20 09:00:57 model_runner.py:1077] Loading model weights took 32.9 GB
    .                | (VllmWorkerProcess pid=203) INFO 11-20 09:01:05 worker.py:232] Memory profiling results: total_gpu_memory=79.10GiB initial_memory_usage=34.01GiB
    .                | INFO 11-20 09:01:05 distributed_gpu_executor.py:57] # GPU blocks: 12000, # CPU blocks: 3276
    .                | INFO 11-20 09:01:05 distributed_gpu_executor.py:61] Maximum concurrency for 32768 tokens per request: 5.86x
    capture          | INFO 11-20 09:01:08 model_runner.py:1400] Capturing cudagraphs for decoding. This may lead to unexpected consequences if the model is not static.
    ready            | INFO 11-20 09:01:30 model_runner.py:1518] Graph capturing finished in 22 secs, took 0.81 GiB
    .                | INFO 11-20 09:01:31 api_server.py:249] vLLM to use /tmp/tmpq1 as PROMETHEUS_MULTIPROC_DIR
    done             | INFO 11-20 09:01:31 launcher.py:19] Available routes are:
    .                | INFO:     Started server process [1]
    .                | INFO:     Application startup complete.
"""

VLLM_0_8_2_V1 = """
    start            | INFO 03-26 11:00:00 [__init__.py:239] Automatically detected platform cuda.
    .                | INFO 03-26 11:00:02 [api_server.py:981] vLLM API server version 0.8.2
    .                | INFO 03-26 11:00:02 [api_server.py:982] args: Namespace(model='org/m-8b', tensor_parallel_size=2, pipeline_parallel_size=1, enforce_eager=False, disable_custom_all_reduce=False)
    .                | INFO 03-26 11:00:10 [config.py:1697] Chunked prefill is enabled with max_num_batched_tokens=2048.
    .                | INFO 03-26 11:00:15 [__init__.py:239] Automatically detected platform cuda.
    .                | INFO 03-26 11:00:18 [core.py:54] Initializing a V1 LLM engine (v0.8.2) with config: model='org/m-8b', tensor_parallel_size=2, pipeline_parallel_size=1, disable_custom_all_reduce=False, enforce_eager=False
    .                | INFO 03-26 11:00:18 [shm_broadcast.py:259] vLLM message queue communication handle: Handle(local_reader_ranks=[0, 1], buffer_handle=(2, 10485760, 10, 'psm_1a2b3c'), local_subscribe_addr='ipc:///tmp/1', remote_subscribe_addr=None, remote_addr_ipv6=False)
    .                | (VllmWorker rank=1 pid=301) INFO 03-26 11:00:25 [shm_broadcast.py:259] vLLM message queue communication handle: Handle(local_reader_ranks=[0], buffer_handle=(1, 10485760, 10, 'psm_4d5e'), local_subscribe_addr='ipc:///tmp/2', remote_subscribe_addr=None, remote_addr_ipv6=False)
    nccl-init        | (VllmWorker rank=1 pid=301) INFO 03-26 11:00:26 [utils.py:931] Found nccl from library libnccl.so.2
    .                | (VllmWorker rank=0 pid=300) INFO 03-26 11:00:26 [utils.py:931] Found nccl from library libnccl.so.2
    .                | (VllmWorker rank=1 pid=301) INFO 03-26 11:00:26 [pynccl.py:69] vLLM is using nccl==2.21.5
    .                | (VllmWorker rank=0 pid=300) INFO 03-26 11:00:26 [pynccl.py:69] vLLM is using nccl==2.21.5
    all-reduce-setup | (VllmWorker rank=0 pid=300) INFO 03-26 11:00:28 [custom_all_reduce_utils.py:244] reading GPU P2P access cache from /root/.cache/vllm/gpu_p2p_access_cache_for_0,1.json
    .                | (VllmWorker rank=0 pid=300) INFO 03-26 11:00:28 [parallel_state.py:954] rank 0 in world size 2 is assigned as DP rank 0, PP rank 0, TP rank 0
    load             | (VllmWorker rank=1 pid=301) INFO 03-26 11:00:28 [parallel_state.py:954] rank 1 in world size 2 is assigned as DP rank 0, PP rank 0, TP rank 1
    .                | (VllmWorker rank=0 pid=300) INFO 03-26 11:00:29 [cuda.py:220] Using Flash Attention backend on V1 engine.
    .                | (VllmWorker rank=0 pid=300) INFO 03-26 11:00:29 [gpu_model_runner.py:1174] Starting to load model org/m-8b...
    .                | (VllmWorker rank=1 pid=301) INFO 03-26 11:00:29 [gpu_model_runner.py:1174] Starting to load model org/m-8b...
    .                | (VllmWorker rank=0 pid=300) Loading safetensors checkpoint shards:   0% Completed | 0/4 [00:00<?, ?it/s]
    .                | (VllmWorker rank=0 pid=300) Loading safetensors checkpoint shards: 100% Completed | 4/4 [00:05<00:00,  1.30s/it]
    .                | (VllmWorker rank=0 pid=300) INFO 03-26 11:00:35 [loader.py:447] Loading weights took 5.31 seconds
    .                | (VllmWorker rank=0 pid=300) INFO 03-26 11:00:35 [gpu_model_runner.py:1186] Model loading took 7.5123 GB and 6.012345 seconds
    profile          | (VllmWorker rank=1 pid=301) INFO 03-26 11:00:36 [gpu_model_runner.py:1186] Model loading took 7.5123 GB and 6.202345 seconds
    .                | (VllmWorker rank=0 pid=300) INFO 03-26 11:00:42 [backends.py:415] Using cache directory: /root/.cache/vllm/torch_compile_cache/1a2b/rank_0_0 for vLLM's torch.compile
    .                | (VllmWorker rank=0 pid=300) INFO 03-26 11:00:42 [backends.py:425] Dynamo bytecode transform time: 6.50 s
    .                | (VllmWorker rank=1 pid=301) INFO 03-26 11:00:47 [backends.py:132] Cache the graph of shape None for later use
    .                | (VllmWorker rank=0 pid=300) INFO 03-26 11:01:05 [backends.py:144] Compiling a graph for general shape takes 22.0 s
    .                | (VllmWorker rank=0 pid=300) INFO 03-26 11:01:08 [monitor.py:33] torch.compile takes 28.50 s in total
    .                | INFO 03-26 11:01:10 [kv_cache_utils.py:537] GPU KV cache size: 350,000 tokens
    .                | INFO 03-26 11:01:10 [kv_cache_utils.py:540] Maximum concurrency for 32,768 tokens per request: 10.68x
    capture          | (VllmWorker rank=0 pid=300) Capturing CUDA graph shapes:  40%|████      | 27/67 [00:09<00:14,  2.80it/s]
    .                | (VllmWorker rank=1 pid=301) INFO 03-26 11:01:34 [gpu_model_runner.py:1467] Graph capturing finished in 24 secs, took 1.95 GiB
    ready            | (VllmWorker rank=0 pid=300) INFO 03-26 11:01:34 [gpu_model_runner.py:1467] Graph capturing finished in 24 secs, took 1.95 GiB
    .                | INFO 03-26 11:01:34 [core.py:151] init engine (profile, create kv cache, warmup model) took 58.40 seconds
    .                | INFO 03-26 11:01:36 [api_server.py:1028] Starting vLLM API server on http://0.0.0.0:8000
    done             | INFO 03-26 11:01:36 [launcher.py:26] Available routes are:
    .                | INFO:     Application startup complete.
"""

# ESC[1;36m around process names whether or not a terminal reads them; copies lose the ESC byte.
VLLM_0_9_2_V1 = """
    start            | INFO 07-10 08:00:00 [__init__.py:244] Automatically detected platform cuda.
    .                | INFO 07-10 08:00:04 [api_server.py:1395] vLLM API server version 0.9.2
    .                | INFO 07-10 08:00:04 [cli_args.py:325] non-default args: {'model': 'org/m-32b', 'tensor_parallel_size': 2, 'gpu_memory_utilization': 0.9}
    .                | INFO 07-10 08:00:12 [config.py:1472] Using max model len 32768
    .                | INFO 07-10 08:00:20 [core.py:526] Waiting for init message from front-end.
    .                | INFO 07-10 08:00:20 [core.py:69] Initializing a V1 LLM engine (v0.9.2) with config: model='org/m-32b', tensor_parallel_size=2, pipeline_parallel_size=1, disable_custom_all_reduce=False, enforce_eager=False
    .                | WARNING 07-10 08:00:20 [multiproc_worker_utils.py:307] Reducing Torch parallelism from 32 threads to 1 to avoid unnecessary CPU contention.
    nccl-init        | [1;36m(VllmWorker rank=0 pid=511)[0;0m INFO 07-10 08:00:29 [utils.py:1152] Found nccl from library libnccl.so.2
    .                | [1;36m(VllmWorker rank=0 pid=511)[0;0m INFO 07-10 08:00:29 [pynccl.py:70] vLLM is using nccl==2.26.2
    .                | [1;36m(VllmWorker rank=1 pid=512)[0;0m INFO 07-10 08:00:29 [pynccl.py:70] vLLM is using nccl==2.26.2
    all-reduce-setup | [1;36m(VllmWorker rank=0 pid=511)[0;0m INFO 07-10 08:00:31 [custom_all_reduce.py:137] Skipping P2P check and trusting the driver's P2P report.
    .                | [1;36m(VllmWorker rank=0 pid=511)[0;0m INFO 07-10 08:00:31 [parallel_state.py:1076] rank 0 in world size 2 is assigned as DP rank 0, PP rank 0, TP rank 0, EP rank 0
    load             | [1;36m(VllmWorker rank=1 pid=512)[0;0m INFO 07-10 08:00:31 [parallel_state.py:1076] rank 1 in world size 2 is assigned as DP rank 0, PP rank 0, TP rank 1, EP rank 1
    .                | [1;36m(VllmWorker rank=1 pid=512)[0;0m INFO 07-10 08:00:32 [gpu_model_runner.py:1770] Starting to load model org/m-32b...
    .                | [1;36m(VllmWorker rank=0 pid=511)[0;0m INFO 07-10 08:00:32 [weight_utils.py:292] Using model weights format ['*.safetensors']
    .                | [1;36m(VllmWorker rank=0 pid=511)[0;0m INFO 07-10 08:01:02 [default_loader.py:272] Loading weights took 29.03 seconds
    .                | [1;36m(VllmWorker rank=0 pid=511)[0;0m INFO 07-10 08:01:03 [gpu_model_runner.py:1801] Model loading took 30.5100 GiB and 30.910000 seconds
    profile          | [1;36m(VllmWorker rank=1 pid=512)[0;0m INFO 07-10 08:01:03 [gpu_model_runner.py:1801] Model loading took 30.5100 GiB and 31.020000 seconds
    .                | [1;36m(VllmWorker rank=0 pid=511)[0;0m INFO 07-10 08:01:14 [backends.py:519] Dynamo bytecode transform time: 10.40 s
    .                | [1;36m(VllmWorker rank=0 pid=511)[0;0m INFO 07-10 08:01:50 [gpu_worker.py:232] Available KV cache memory: 38.20 GiB
    .                | [1;36m(VllmWorker rank=1 pid=512)[0;0m INFO 07-10 08:01:50 [gpu_worker.py:232] Available KV cache memory: 38.20 GiB
    .                | INFO 07-10 08:01:50 [kv_cache_utils.py:716] GPU KV cache size: 312,000 tokens
    capture          | [1;36m(VllmWorker rank=0 pid=511)[0;0m Capturing CUDA graph shapes:   0%|          | 0/67 [00:00<?, ?it/s]
    .                | [1;36m(VllmWorker rank=1 pid=512)[0;0m INFO 07-10 08:02:15 [gpu_model_runner.py:2326] Graph capturing finished in 24 secs, took 0.72 GiB
    ready            | [1;36m(VllmWorker rank=0 pid=511)[0;0m INFO 07-10 08:02:15 [gpu_model_runner.py:2326] Graph capturing finished in 24 secs, took 0.72 GiB
    .                | INFO 07-10 08:02:15 [core.py:172] init engine (profile, create kv cache, warmup model) took 72.10 seconds
    .                | INFO 07-10 08:02:16 [api_server.py:1457] Starting vLLM API server 0 on http://0.0.0.0:8000
    done             | INFO:     Application startup complete.
"""

VLLM_0_10_1 = """
    start            | [1;36m(APIServer pid=1)[0;0m INFO 08-25 10:00:00 [api_server.py:1805] vLLM API server version 0.10.1.1
    .                | [1;36m(APIServer pid=1)[0;0m INFO 08-25 10:00:00 [utils.py:326] non-default args: {'model_tag': 'org/m-14b', 'model': 'org/m-14b', 'tensor_parallel_size': 2}
    .                | [1;36m(APIServer pid=1)[0;0m INFO 08-25 10:00:10 [__init__.py:711] Resolved architecture: Qwen3ForCausalLM
    .                | [1;36m(APIServer pid=1)[0;0m INFO 08-25 10:00:10 [__init__.py:1750] Using max model len 40960
    .                | [1;36m(EngineCore_0 pid=180)[0;0m INFO 08-25 10:00:18 [core.py:636] Waiting for init message from front-end.
    .                | [1;36m(EngineCore_0 pid=180)[0;0m INFO 08-25 10:00:18 [core.py:74] Initializing a V1 LLM engine (v0.10.1.1) with config: model='org/m-14b', tensor_parallel_size=2, pipeline_parallel_size=1, disable_custom_all_reduce=False, enforce_eager=False
    .                | [1;36m(EngineCore_0 pid=180)[0;0m INFO 08-25 10:00:18 [shm_broadcast.py:289] vLLM message queue communication handle: Handle(local_reader_ranks=[0, 1], buffer_handle=(2, 10485760, 10, 'psm_9'), local_subscribe_addr='ipc:///tmp/a', remote_subscribe_addr=None, remote_addr_ipv6=False)
    nccl-init        | [1;36m(EngineCore_0 pid=180)[0;0m [1;36m(VllmWorker TP0 pid=190)[0;0m INFO 08-25 10:00:27 [pynccl.py:70] vLLM is using nccl==2.27.3
    .                | [1;36m(EngineCore_0 pid=180)[0;0m [1;36m(VllmWorker TP1 pid=191)[0;0m INFO 08-25 10:00:27 [pynccl.py:70] vLLM is using nccl==2.27.3
    all-reduce-setup | [1;36m(VllmWorker TP1 pid=191)[0;0m INFO 08-25 10:00:28 [custom_all_reduce.py:35] Skipping P2P check and trusting the driver's P2P report.
    .                | [1;36m(VllmWorker TP1 pid=191)[0;0m INFO 08-25 10:00:28 [parallel_state.py:1134] rank 1 in world size 2 is assigned as DP rank 0, PP rank 0, TP rank 1, EP rank 1
    load             | [1;36m(VllmWorker TP0 pid=190)[0;0m INFO 08-25 10:00:28 [parallel_state.py:1134] rank 0 in world size 2 is assigned as DP rank 0, PP rank 0, TP rank 0, EP rank 0
    .                | [1;36m(VllmWorker TP0 pid=190)[0;0m INFO 08-25 10:00:29 [gpu_model_runner.py:1953] Starting to load model org/m-14b...
    .                | [1;36m(VllmWorker TP1 pid=191)[0;0m INFO 08-25 10:00:29 [gpu_model_runner.py:1953] Starting to load model org/m-14b...
    .                | [1;36m(VllmWorker TP0 pid=190)[0;0m INFO 08-25 10:00:45 [gpu_model_runner.py:2007] Model loading took 13.9000 GiB and 15.100000 seconds
    profile          | [1;36m(VllmWorker TP1 pid=191)[0;0m INFO 08-25 10:00:45 [gpu_model_runner.py:2007] Model loading took 13.9000 GiB and 15.210000 seconds
    .                | [1;36m(VllmWorker TP0 pid=190)[0;0m INFO 08-25 10:00:56 [backends.py:548] Using cache directory: /root/.cache/vllm/torch_compile_cache/77/rank_0_0/backbone for vLLM's torch.compile
    .                | [1;36m(VllmWorker TP0 pid=190)[0;0m INFO 08-25 10:01:20 [backends.py:215] Compiling a graph for dynamic shape takes 23.70 s
    .                | [1;36m(VllmWorker TP0 pid=190)[0;0m INFO 08-25 10:01:30 [gpu_worker.py:276] Available KV cache memory: 55.20 GiB
    .                | [1;36m(EngineCore_0 pid=180)[0;0m INFO 08-25 10:01:30 [kv_cache_utils.py:849] GPU KV cache size: 723,000 tokens
    capture          | [1;36m(VllmWorker TP0 pid=190)[0;0m Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):  10%|█         | 7/67 [00:00<00:06,  9.1it/s]
    .                | [1;36m(VllmWorker TP0 pid=190)[0;0m Capturing CUDA graphs (mixed prefill-decode, PIECEWISE): 100%|██████████| 67/67 [00:07<00:00,  9.1it/s]
    .                | [1;36m(VllmWorker TP1 pid=191)[0;0m INFO 08-25 10:01:38 [gpu_model_runner.py:2708] Graph capturing finished in 8 secs, took 0.90 GiB
    ready            | [1;36m(VllmWorker TP0 pid=190)[0;0m INFO 08-25 10:01:38 [gpu_model_runner.py:2708] Graph capturing finished in 8 secs, took 0.90 GiB
    .                | [1;36m(EngineCore_0 pid=180)[0;0m INFO 08-25 10:01:38 [core.py:214] init engine (profile, create kv cache, warmup model) took 53.10 seconds
    .                | [1;36m(APIServer pid=1)[0;0m INFO 08-25 10:01:39 [api_server.py:1611] Supported_tasks: ['generate']
    done             | [1;36m(APIServer pid=1)[0;0m INFO:     Application startup complete.
"""

# From 0.10.2 to 0.16 a spawned worker has no name of its own until its device is set up.
VLLM_0_11_2 = """
    start            | (APIServer pid=1) INFO 11-25 06:00:00 [api_server.py:1977] vLLM API server version 0.11.2
    .                | (APIServer pid=1) INFO 11-25 06:00:00 [utils.py:253] non-default args: {'model': 'org/m-70b', 'tensor_parallel_size': 4}
    .                | (APIServer pid=1) INFO 11-25 06:00:08 [model.py:631] Resolved architecture: LlamaForCausalLM
    .                | (EngineCore_DP0 pid=90) INFO 11-25 06:00:20 [core.py:93] Initializing a V1 LLM engine (v0.11.2) with config: model='org/m-70b', tensor_parallel_size=4, pipeline_parallel_size=1, disable_custom_all_reduce=False, enforce_eager=False
    .                | (EngineCore_DP0 pid=90) WARNING 11-25 06:00:20 [multiproc_executor.py:869] Reducing Torch parallelism from 96 threads to 1 to avoid unnecessary CPU contention.
    rendezvous       | INFO 11-25 06:00:30 [parallel_state.py:1208] world_size=4 rank=0 local_rank=0 distributed_init_method=tcp://127.0.0.1:41234 backend=nccl
    .                | INFO 11-25 06:00:30 [parallel_state.py:1208] world_size=4 rank=2 local_rank=2 distributed_init_method=tcp://127.0.0.1:41234 backend=nccl
    .                | INFO 11-25 06:00:30 [parallel_state.py:1208] world_size=4 rank=1 local_rank=1 distributed_init_method=tcp://127.0.0.1:41234 backend=nccl
    .                | INFO 11-25 06:00:31 [parallel_state.py:1208] world_size=4 rank=3 local_rank=3 distributed_init_method=tcp://127.0.0.1:41234 backend=nccl
    .                | [Gloo] Rank 0 is connected to 3 peer ranks. Expected number of connected peer ranks is : 3
    nccl-init        | INFO 11-25 06:00:31 [pynccl.py:111] vLLM is using nccl==2.27.5
    all-reduce-setup | WARNING 11-25 06:00:33 [symm_mem.py:67] SymmMemCommunicator: Device capability 8.0 not supported, communicator is not available.
    .                | WARNING 11-25 06:00:33 [custom_all_reduce.py:144] Custom allreduce is disabled because it's not supported on more than two PCIe-only GPUs. To silence this warning, specify disable_custom_all_reduce=True explicitly.
    load             | INFO 11-25 06:00:34 [parallel_state.py:1394] rank 0 in world size 4 is assigned as DP rank 0, PP rank 0, TP rank 0, EP rank 0
    .                | (Worker_TP0 pid=100) INFO 11-25 06:00:35 [gpu_model_runner.py:3259] Starting to load model org/m-70b...
    .                | (Worker_TP0 pid=100) INFO 11-25 06:00:35 [cuda.py:418] Valid backends: ['FLASH_ATTN', 'FLASHINFER', 'TRITON_ATTN', 'FLEX_ATTENTION']
    .                | (Worker_TP0 pid=100) INFO 11-25 06:00:35 [cuda.py:427] Using FLASH_ATTN backend.
    .                | (Worker_TP0 pid=100)
    .                | (Worker_TP0 pid=100) Loading safetensors checkpoint shards:   3% Completed | 1/30 [00:01<00:29,  1.00s/it]
    .                | (Worker_TP0 pid=100) INFO 11-25 06:01:05 [default_loader.py:314] Loading weights took 29.90 seconds
    profile          | (Worker_TP0 pid=100) INFO 11-25 06:01:06 [gpu_model_runner.py:3338] Model loading took 32.9000 GiB memory and 30.800000 seconds
    .                | (Worker_TP0 pid=100) INFO 11-25 06:01:18 [backends.py:631] Using cache directory: /root/.cache/vllm/torch_compile_cache/9/rank_0_0/backbone for vLLM's torch.compile
    .                | (Worker_TP0 pid=100) INFO 11-25 06:01:18 [backends.py:647] Dynamo bytecode transform time: 11.30 s
    .                | (Worker_TP0 pid=100) INFO 11-25 06:01:24 [backends.py:251] Cache the graph for dynamic shape for later use
    .                | (Worker_TP0 pid=100) INFO 11-25 06:01:50 [monitor.py:34] torch.compile takes 43.0 s in total
    .                | (Worker_TP0 pid=100) INFO 11-25 06:01:52 [gpu_worker.py:359] Available KV cache memory: 36.44 GiB
    .                | (EngineCore_DP0 pid=90) INFO 11-25 06:01:52 [kv_cache_utils.py:1229] GPU KV cache size: 477,000 tokens
    .                | (EngineCore_DP0 pid=90) INFO 11-25 06:01:52 [kv_cache_utils.py:1234] Maximum concurrency for 32,768 tokens per request: 14.57x
    capture          | (Worker_TP0 pid=100) Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):  50%|█████     | 34/67 [00:03<00:03, 10.1it/s]
    .                | (Worker_TP0 pid=100) Capturing CUDA graphs (decode, FULL):  90%|█████████ | 32/35 [00:03<00:00, 10.1it/s]
    ready            | (Worker_TP0 pid=100) INFO 11-25 06:02:05 [gpu_model_runner.py:4244] Graph capturing finished in 12 secs, took 1.44 GiB
    .                | (EngineCore_DP0 pid=90) INFO 11-25 06:02:05 [core.py:250] init engine (profile, create kv cache, warmup model) took 59.20 seconds
    .                | (APIServer pid=1) INFO 11-25 06:02:06 [api_server.py:1725] Supported tasks: ['generate']
    .                | (APIServer pid=1) INFO 11-25 06:02:06 [api_server.py:2052] Starting vLLM API server 0 on http://0.0.0.0:8000
    done             | (APIServer pid=1) INFO 11-25 06:02:06 [launcher.py:46] Route: /health, Methods: GET
    .                | (APIServer pid=1) INFO:     Application startup complete.
"""

# From 0.18.1 a worker is named from its first line, without its rank until its device is set up.
VLLM_0_18 = """
    start            | (APIServer pid=1) INFO 03-30 07:00:00 [utils.py:302]  ▄▄ ▄█ █     █     █ ▀▄▀ █  version 0.18.1
    .                | (APIServer pid=1) INFO 03-30 07:00:00 [utils.py:238] non-default args: {'model': 'org/m-32b', 'tensor_parallel_size': 2}
    .                | (APIServer pid=1) INFO 03-30 07:00:09 [model.py:540] Resolved architecture: Qwen3ForCausalLM
    .                | (EngineCore pid=80) INFO 03-30 07:00:20 [core.py:101] Initializing a V1 LLM engine (v0.18.1) with config: model='org/m-32b', tensor_parallel_size=2, pipeline_parallel_size=1, disable_custom_all_reduce=False, enforce_eager=False
    .                | (EngineCore pid=80) INFO 03-30 07:00:20 [multiproc_executor.py:134] DP group leader: node_rank=0, node_rank_within_dp=0, master_addr=127.0.0.1, mq_connect_ip=10.0.0.5 (local), world_size=2, local_world_size=2
    rendezvous       | (Worker pid=95) INFO 03-30 07:00:30 [parallel_state.py:1395] world_size=2 rank=0 local_rank=0 distributed_init_method=tcp://127.0.0.1:41111 backend=nccl
    .                | (Worker pid=96) INFO 03-30 07:00:30 [parallel_state.py:1395] world_size=2 rank=1 local_rank=1 distributed_init_method=tcp://127.0.0.1:41111 backend=nccl
    nccl-init        | (Worker pid=95) INFO 03-30 07:00:31 [pynccl.py:111] vLLM is using nccl==2.28.9
    all-reduce-setup | (Worker pid=95) WARNING 03-30 07:00:33 [symm_mem.py:66] SymmMemCommunicator: Device capability 8.9 not supported, communicator is not available.
    load             | (Worker pid=95) INFO 03-30 07:00:34 [parallel_state.py:1717] rank 0 in world size 2 is assigned as DP rank 0, PP rank 0, PCP rank 0, TP rank 0, EP rank N/A, EPLB rank N/A
    .                | (Worker_TP0 pid=95) INFO 03-30 07:00:36 [gpu_model_runner.py:4481] Starting to load model org/m-32b...
    .                | (Worker_TP0 pid=95) INFO 03-30 07:00:37 [cuda.py:274] Using FLASH_ATTN attention backend out of potential backends: ['FLASH_ATTN', 'FLASHINFER', 'TRITON_ATTN', 'FLEX_ATTENTION'].
    .                | (Worker_TP0 pid=95) INFO 03-30 07:00:37 [flash_attn.py:598] Using FlashAttention version 2
    .                | (Worker_TP0 pid=95) Loading safetensors checkpoint shards:  93% Completed | 13/14 [00:20<00:01,  1.50s/it]
    profile          | (Worker_TP0 pid=95) INFO 03-30 07:01:00 [gpu_model_runner.py:4566] Model loading took 30.59 GiB memory and 22.800000 seconds
    .                | (Worker_TP0 pid=95) INFO 03-30 07:01:12 [backends.py:988] Using cache directory: /root/.cache/vllm/torch_compile_cache/e/rank_0_0/backbone for vLLM's torch.compile
    .                | (Worker_TP0 pid=95) INFO 03-30 07:01:40 [backends.py:372] Compiling a graph for compile range (1, 8192) takes 27.40 s
    .                | (Worker_TP0 pid=95) INFO 03-30 07:01:45 [monitor.py:76] Initial profiling/warmup run took 4.10 s
    .                | (Worker_TP0 pid=95) INFO 03-30 07:01:48 [gpu_worker.py:436] Available KV cache memory: 9.10 GiB
    .                | (EngineCore pid=80) INFO 03-30 07:01:48 [kv_cache_utils.py:1316] GPU KV cache size: 74,000 tokens
    .                | (Worker_TP0 pid=95) INFO 03-30 07:01:49 [kernel_warmup.py:60] Warming up FlashInfer attention.
    capture          | (Worker_TP0 pid=95) Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):   2%|▏         | 1/51 [00:00<00:20,  2.4it/s]
    ready            | (Worker_TP0 pid=95) INFO 03-30 07:02:10 [gpu_model_runner.py:5746] Graph capturing finished in 20 secs, took 0.61 GiB
    .                | (EngineCore pid=80) INFO 03-30 07:02:10 [core.py:281] init engine (profile, create kv cache, warmup model) took 69.90 seconds
    .                | (APIServer pid=1) INFO 03-30 07:02:12 [api_server.py:595] Starting vLLM server on http://0.0.0.0:8000
    done             | (APIServer pid=1) INFO:     Application startup complete.
"""

# From 0.31 the name is part of the log's format: bars, tracebacks and uvicorn's lines have none. Compile lines carry a tag.
VLLM_0_33 = """
    start            | (MainProcess pid=1) INFO 10-10 05:00:00 [launcher.py:40] vLLM server version 0.33.0, serving model org/m-32b
    .                | (MainProcess pid=1) INFO 10-10 05:00:00 [utils.py:240] non-default args: {'model': 'org/m-32b', 'tensor_parallel_size': 2}
    .                | (EngineCore pid=80) INFO 10-10 05:00:20 [core.py:120] Initializing a V1 LLM engine (v0.33.0) with config: model='org/m-32b', tensor_parallel_size=2, pipeline_parallel_size=1, disable_custom_all_reduce=False, enforce_eager=False
    .                | (EngineCore pid=80) INFO 10-10 05:00:20 [multiproc_executor.py:140] Reducing Torch threads from 64 to 1 to avoid CPU contention.
    rendezvous       | (Worker pid=95) INFO 10-10 05:00:30 [parallel_state.py:1500] world_size=2 rank=0 local_rank=0 distributed_init_method=file:///tmp/vllm_dist_0a1b backend=nccl
    .                | (Worker pid=96) INFO 10-10 05:00:30 [parallel_state.py:1500] world_size=2 rank=1 local_rank=1 distributed_init_method=file:///tmp/vllm_dist_0a1b backend=nccl
    nccl-init        | (Worker pid=95) INFO 10-10 05:00:31 [pynccl.py:120] vLLM is using nccl==2.30.4
    all-reduce-setup | (Worker pid=95) INFO 10-10 05:00:33 [cuda_communicator.py:210] Using ['FlashInferAllReduce', 'CustomAllreduce', 'PyNccl'] all-reduce backends (in dispatch order) for group tp:0
    load             | (Worker pid=95) INFO 10-10 05:00:34 [parallel_state.py:1800] rank 0 in world size 2 is assigned as DP rank 0, PP rank 0, PCP rank 0, TP rank 0, EP rank N/A, EPLB rank N/A
    .                | (Worker_TP0 pid=95) INFO 10-10 05:00:35 [gpu_worker.py:300] Using V2 Model Runner
    .                | (Worker_TP0 pid=95) INFO 10-10 05:00:36 [model_runner.py:250] Loading model from scratch...
    .                | (Worker_TP0 pid=95) INFO 10-10 05:00:36 [weight_utils.py:930] Filesystem type for checkpoints: EXT4. Checkpoint size: 61.02 GiB. Available RAM: 480.11 GiB.
    .                | Loading safetensors checkpoint shards:  14% Completed | 2/14 [00:03<00:18,  1.50s/it]
    .                | (Worker_TP0 pid=95) INFO 10-10 05:00:58 [default_loader.py:400] Loading weights took 21.20 seconds
    profile          | (Worker_TP0 pid=95) INFO 10-10 05:01:00 [model_runner.py:300] Model loading took 30.59 GiB memory and 23.100000 seconds
    .                | (Worker_TP0 pid=95) INFO 10-10 05:01:02 [backends.py:900] [backbone] Starting torch.compile
    .                | (Worker_TP0 pid=95) INFO 10-10 05:01:12 [backends.py:1000] [backbone] Dynamo bytecode transform time: 9.10 s
    .                | (Worker_TP0 pid=95) INFO 10-10 05:01:40 [monitor.py:80] [backbone] torch.compile took 38.01 s in total
    .                | (Worker_TP0 pid=95) INFO 10-10 05:01:48 [gpu_worker.py:450] Available KV cache memory: 9.10 GiB
    .                | (EngineCore pid=80) INFO 10-10 05:01:48 [kv_cache_utils.py:1400] CUDA KV cache size: 74,000 tokens; Maximum concurrency for 40,960 tokens per request: 1.81x
    .                | (Worker_TP0 pid=95) INFO 10-10 05:01:49 [kernel_warmup.py:70] JIT kernel warmup starting.
    .                | (Worker_TP0 pid=95) INFO 10-10 05:01:50 [kernel_warmup.py:90] Running FlashInfer autotune
    capture          | Capturing CUDA graphs:  35%|███▌      | 18/51 [00:05<00:10,  3.1it/s]
    ready            | (Worker_TP0 pid=95) INFO 10-10 05:02:10 [model_runner.py:700] Graph capturing finished in 18 secs, took 0.61 GiB
    .                | (EngineCore pid=80) INFO 10-10 05:02:10 [core.py:300] init engine (profile, create kv cache, warmup model) took 69.90 s
    .                | (MainProcess pid=1) INFO 10-10 05:02:12 [launcher.py:120] Starting vLLM server on http://0.0.0.0:8000
    .                | INFO:     Started server process [1]
    done             | INFO:     Application startup complete.
"""

# One process prints for all that say the same: `repeated` stands for the others.
VLLM_RAY_0_10_2 = """
    start            | (APIServer pid=10) INFO 09-10 09:00:00 [api_server.py:1896] vLLM API server version 0.10.2
    .                | (APIServer pid=10) INFO 09-10 09:00:00 [utils.py:328] non-default args: {'model': 'org/m-405b', 'tensor_parallel_size': 8, 'pipeline_parallel_size': 2, 'distributed_executor_backend': 'ray'}
    .                | (EngineCore_DP0 pid=80) INFO 09-10 09:00:20 [core.py:76] Initializing a V1 LLM engine (v0.10.2) with config: model='org/m-405b', tensor_parallel_size=8, pipeline_parallel_size=2, disable_custom_all_reduce=False, enforce_eager=False
    .                | (EngineCore_DP0 pid=80) 2025-09-10 09:00:21,001	INFO worker.py:1771 -- Connecting to existing Ray cluster at address: 10.0.0.1:6379...
    .                | (EngineCore_DP0 pid=80) 2025-09-10 09:00:21,031	INFO worker.py:1942 -- Connected to Ray cluster. View the dashboard at http://127.0.0.1:8265
    .                | (EngineCore_DP0 pid=80) INFO 09-10 09:00:22 [ray_utils.py:345] No current placement group found. Creating a new placement group.
    .                | (EngineCore_DP0 pid=80) INFO 09-10 09:00:32 [ray_utils.py:233] Waiting for creating a placement group of specs for 10 seconds. specs=[{'node:10.0.0.1': 0.001, 'GPU': 1.0}, {'GPU': 1.0}]. Check `ray status` and `ray list nodes` to see if you have enough resources.
    .                | (EngineCore_DP0 pid=80) INFO 09-10 09:00:40 [ray_distributed_executor.py:169] use_ray_spmd_worker: True
    .                | (EngineCore_DP0 pid=80) INFO 09-10 09:00:50 [ray_env.py:66] Copying the following environment variables to workers: ['LD_LIBRARY_PATH', 'VLLM_USE_V1']
    nccl-init        | (EngineCore_DP0 pid=80) (RayWorkerWrapper pid=200) INFO 09-10 09:01:00 [pynccl.py:70] vLLM is using nccl==2.27.3
    .                | (EngineCore_DP0 pid=80) (RayWorkerWrapper pid=300, ip=10.0.0.2) INFO 09-10 09:01:00 [pynccl.py:70] vLLM is using nccl==2.27.3 [repeated 15x across cluster] (Ray deduplicates logs by default. Set RAY_DEDUP_LOGS=0 to disable log deduplication, or see https://docs.ray.io/en/master/ray-observability/user-guides/configure-logging.html#log-deduplication for more options.)
    all-reduce-setup | (EngineCore_DP0 pid=80) (RayWorkerWrapper pid=200) INFO 09-10 09:01:06 [custom_all_reduce.py:35] Skipping P2P check and trusting the driver's P2P report.
    load             | (EngineCore_DP0 pid=80) (RayWorkerWrapper pid=200) INFO 09-10 09:01:08 [parallel_state.py:1165] rank 0 in world size 16 is assigned as DP rank 0, PP rank 0, TP rank 0, EP rank 0
    .                | (EngineCore_DP0 pid=80) (RayWorkerWrapper pid=200) INFO 09-10 09:01:09 [gpu_model_runner.py:2338] Starting to load model org/m-405b...
    .                | (EngineCore_DP0 pid=80) (RayWorkerWrapper pid=300, ip=10.0.0.2) INFO 09-10 09:01:10 [gpu_model_runner.py:2338] Starting to load model org/m-405b... [repeated 15x across cluster]
    .                | (EngineCore_DP0 pid=80) (RayWorkerWrapper pid=200) Loading safetensors checkpoint shards:  10% Completed | 19/191 [00:20<03:10,  1.10s/it]
    profile          | (EngineCore_DP0 pid=80) (RayWorkerWrapper pid=200) INFO 09-10 09:05:00 [gpu_model_runner.py:2392] Model loading took 47.1000 GiB and 230.100000 seconds
    .                | (EngineCore_DP0 pid=80) (RayWorkerWrapper pid=300, ip=10.0.0.2) INFO 09-10 09:05:10 [gpu_model_runner.py:2392] Model loading took 47.1000 GiB and 240.100000 seconds [repeated 15x across cluster]
    .                | (EngineCore_DP0 pid=80) (RayWorkerWrapper pid=200) INFO 09-10 09:05:50 [gpu_worker.py:298] Available KV cache memory: 20.20 GiB
    .                | (EngineCore_DP0 pid=80) INFO 09-10 09:05:51 [kv_cache_utils.py:868] GPU KV cache size: 200,000 tokens
    capture          | (EngineCore_DP0 pid=80) (RayWorkerWrapper pid=200) Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):  20%|██        | 14/67 [00:03<00:11,  4.6it/s]
    ready            | (EngineCore_DP0 pid=80) (RayWorkerWrapper pid=200) INFO 09-10 09:06:20 [gpu_model_runner.py:3118] Graph capturing finished in 26 secs, took 1.10 GiB
    .                | (EngineCore_DP0 pid=80) INFO 09-10 09:06:20 [core.py:218] init engine (profile, create kv cache, warmup model) took 70.10 seconds
    done             | (APIServer pid=10) INFO:     Application startup complete.
"""

VLLM_RAY_0_22 = """
    start            | (APIServer pid=10) INFO 06-01 09:00:00 [utils.py:302]  ▄▄ ▄█ █     █     █ ▀▄▀ █  version 0.22.1
    .                | (APIServer pid=10) INFO 06-01 09:00:00 [utils.py:238] non-default args: {'model': 'org/m-70b', 'tensor_parallel_size': 2, 'distributed_executor_backend': 'ray'}
    .                | (EngineCore pid=80) INFO 06-01 09:00:20 [core.py:110] Initializing a V1 LLM engine (v0.22.1) with config: model='org/m-70b', tensor_parallel_size=2, pipeline_parallel_size=1, enforce_eager=True
    .                | (EngineCore pid=80) INFO 06-01 09:00:22 [ray_utils.py:500] No current placement group found. Creating a new placement group.
    rendezvous       | (EngineCore pid=80) (RayWorkerProc pid=200) INFO 06-01 09:00:40 [parallel_state.py:1400] world_size=2 rank=0 local_rank=0 distributed_init_method=tcp://10.0.0.1:40001 backend=nccl
    .                | (EngineCore pid=80) (RayWorkerProc pid=300, ip=10.0.0.2) INFO 06-01 09:00:40 [parallel_state.py:1400] world_size=2 rank=1 local_rank=0 distributed_init_method=tcp://10.0.0.1:40001 backend=nccl
    nccl-init        | (EngineCore pid=80) (RayWorkerProc pid=200) INFO 06-01 09:00:41 [pynccl.py:111] vLLM is using nccl==2.28.9
    load             | (EngineCore pid=80) (RayWorkerProc pid=200) INFO 06-01 09:00:44 [parallel_state.py:1720] rank 0 in world size 2 is assigned as DP rank 0, PP rank 0, PCP rank 0, TP rank 0, EP rank N/A, EPLB rank N/A
    .                | (EngineCore pid=80) (RayWorkerProc pid=200) INFO 06-01 09:00:45 [gpu_model_runner.py:4500] Starting to load model org/m-70b...
    profile          | (EngineCore pid=80) (RayWorkerProc pid=200) INFO 06-01 09:02:45 [gpu_model_runner.py:4600] Model loading took 65.00 GiB memory and 120.100000 seconds
    .                | (EngineCore pid=80) (RayWorkerProc pid=200) INFO 06-01 09:02:55 [gpu_worker.py:440] Available KV cache memory: 8.10 GiB
    ready            | (EngineCore pid=80) INFO 06-01 09:02:57 [core.py:290] init engine (profile, create kv cache, warmup model) took 12.10 s
    done             | (APIServer pid=10) INFO:     Application startup complete.
"""

SGLANG_0_4 = """
    start            | [2025-01-10 09:00:00] server_args=ServerArgs(model_path='org/m-8b', tokenizer_path='org/m-8b', tp_size=2, dp_size=1, nnodes=1, node_rank=0, disable_cuda_graph=False, disable_custom_all_reduce=False)
    .                | INFO 01-10 09:00:08 __init__.py:190] Automatically detected platform cuda.
    rendezvous       | [2025-01-10 09:00:12 TP1] Init torch distributed begin.
    .                | [2025-01-10 09:00:12 TP0] Init torch distributed begin.
    nccl-init        | [2025-01-10 09:00:13 TP0] sglang is using nccl==2.21.5
    .                | [2025-01-10 09:00:13 TP1] sglang is using nccl==2.21.5
    all-reduce-setup | [2025-01-10 09:00:15 TP0] Init torch distributed ends. mem usage=0.21 GB
    load             | [2025-01-10 09:00:15 TP1] Init torch distributed ends. mem usage=0.21 GB
    .                | [2025-01-10 09:00:15 TP1] Load weight begin. avail mem=78.20 GB
    .                | [2025-01-10 09:00:15 TP0] Load weight begin. avail mem=78.20 GB
    .                | Loading safetensors checkpoint shards:  25% Completed | 1/4 [00:01<00:03,  1.20s/it]
    .                | [2025-01-10 09:00:22 TP1] Load weight end. type=LlamaForCausalLM, dtype=torch.bfloat16, avail mem=70.50 GB
    profile          | [2025-01-10 09:00:22 TP0] Load weight end. type=LlamaForCausalLM, dtype=torch.bfloat16, avail mem=70.50 GB
    .                | [2025-01-10 09:00:22 TP0] Memory pool end. avail mem=9.80 GB
    .                | [2025-01-10 09:00:22 TP1] Memory pool end. avail mem=9.80 GB
    capture          | [2025-01-10 09:00:23 TP0] Capture cuda graph begin. This can take up to several minutes.
    .                | [2025-01-10 09:00:23 TP1] Capture cuda graph begin. This can take up to several minutes.
    .                | [2025-01-10 09:00:40 TP1] Capture cuda graph end. Time elapsed: 17.10 s
    ready            | [2025-01-10 09:00:40 TP0] Capture cuda graph end. Time elapsed: 17.12 s
    .                | [2025-01-10 09:00:40 TP0] max_total_num_tokens=430000, chunked_prefill_size=8192, max_prefill_tokens=16384, max_running_requests=4097, context_len=131072
    .                | [2025-01-10 09:00:41] INFO:     Started server process [1]
    .                | [2025-01-10 09:00:41] INFO:     Waiting for application startup.
    done             | [2025-01-10 09:00:41] INFO:     Application startup complete.
    .                | [2025-01-10 09:00:46] The server is fired up and ready to roll!
"""

SGLANG_0_5_23 = """
    start            | [2026-09-01 09:00:00] server_args=ServerArgs(model_path='org/m-moe', tp_size=2, dp_size=2, ep_size=2, nnodes=1, node_rank=0, enable_dp_attention=True, disable_cuda_graph=False)
    .                | [2026-09-01 09:00:08] Attention backend not specified. Use fa3 backend by default.
    rendezvous       | [2026-09-01 09:00:12 DP0 TP0 EP0] Init parallel begin.
    .                | [2026-09-01 09:00:12 DP1 TP1 EP1] Init parallel begin.
    .                | [Gloo] Rank 0 is connected to 1 peer ranks. Expected number of connected peer ranks is : 1
    nccl-init        | [2026-09-01 09:00:13 DP0 TP0 EP0] sglang is using nccl==2.28.9
    all-reduce-setup | [2026-09-01 09:00:16 DP0 TP0 EP0] Init parallel ends. elapsed=4.02 s, mem usage=0.90 GB
    load             | [2026-09-01 09:00:16 DP1 TP1 EP1] Init parallel ends. elapsed=4.03 s, mem usage=0.90 GB
    .                | [2026-09-01 09:00:17 DP0 TP0 EP0] Load weight begin. avail mem=138.00 GB
    .                | [2026-09-01 09:00:17 DP1 TP1 EP1] Load weight begin. avail mem=138.00 GB
    .                | [2026-09-01 09:02:17 DP0 TP0 EP0] Load weight end. elapsed=120.00 s, type=DeepseekV3ForCausalLM, dtype=torch.bfloat16, avail mem=50.00 GB, mem usage=88.00 GB.
    profile          | [2026-09-01 09:02:18 DP1 TP1 EP1] Load weight end. elapsed=121.00 s, type=DeepseekV3ForCausalLM, dtype=torch.bfloat16, avail mem=50.00 GB, mem usage=88.00 GB.
    .                | [2026-09-01 09:02:18 DP0 TP0 EP0] Memory pool end. avail mem=20.00 GB
    .                | [2026-09-01 09:02:20 DP0 TP0 EP0] Entering DeepGEMM JIT Pre-Compile session. It may take a long time (typically 10-20 mins) if you have not run `sglang.compile_deep_gemm`.
    .                | [2026-09-01 09:03:20 DP0 TP0 EP0] Try DeepGEMM JIT Compiling for <GROUPED_GEMM_NT_F8F8BF16_MASKED> N=4096, K=7168, num_groups=64 with all Ms. It only takes a little time (typically 1 sec) if you have run `python3 -m sglang.compile_deep_gemm`.
    capture          | [2026-09-01 09:12:20 DP0 TP0 EP0] Capture decode CUDA graph begin. backend=full, num_tokens_per_bs=1, avail_mem=19.10 GB
    .                | Capturing batches (bs=512 avail_mem=18.90 GB):   0%|          | 0/52 [00:00<?, ?it/s]
    .                | Capturing batches (bs=16 avail_mem=18.20 GB):  90%|█████████ | 47/52 [00:30<00:03,  1.50it/s]
    .                | [2026-09-01 09:13:00 DP1 TP1 EP1] Capture decode CUDA graph end. elapsed=39.90 s, mem usage=0.90 GB, avail mem=18.20 GB
    ready            | [2026-09-01 09:13:00 DP0 TP0 EP0] Capture decode CUDA graph end. elapsed=40.00 s, mem usage=0.90 GB, avail mem=18.20 GB
    .                | [2026-09-01 09:13:01 DP0 TP0 EP0] max_total_num_tokens=1200000, chunked_prefill_size=4096, max_prefill_tokens=16384, max_running_requests=2048, context_len=163840
    done             | [2026-09-01 09:13:05] INFO:     Uvicorn running on http://0.0.0.0:30000 (Press CTRL+C to quit)
    .                | [2026-09-01 09:13:10] The server is fired up and ready to roll!
"""

GPUSTACK_0_5 = """
    prepare          | 2025-02-25T17:41:20+08:00 - gpustack.worker.downloaders - INFO - Retriving file lock
    start            | 2025-02-25T17:41:21+08:00 - gpustack.worker.backends.vllm - INFO - Starting vllm server
    .                | INFO 02-25 17:41:24 __init__.py:190] Automatically detected platform cuda.
    .                | INFO 02-25 17:41:25 api_server.py:840] vLLM API server version 0.7.2
    .                | INFO 02-25 17:41:25 api_server.py:841] args: Namespace(model='/var/lib/gpustack/cache/m', tensor_parallel_size=2, pipeline_parallel_size=1)
    .                | INFO 02-25 17:41:37 llm_engine.py:234] Initializing a V0 LLM engine (v0.7.2) with config: model='/var/lib/gpustack/cache/m', tensor_parallel_size=2, pipeline_parallel_size=1, enforce_eager=False
    .                | (VllmWorkerProcess pid=4001) INFO 02-25 17:41:43 multiproc_worker_utils.py:229] Worker ready; awaiting tasks
    .                | INFO 02-25 17:41:44 cuda.py:230] Using Flash Attention backend.
    nccl-init        | INFO 02-25 17:41:45 utils.py:950] Found nccl from library libnccl.so.2
    .                | INFO 02-25 17:41:45 pynccl.py:69] vLLM is using nccl==2.21.5
    .                | (VllmWorkerProcess pid=4001) INFO 02-25 17:41:45 pynccl.py:69] vLLM is using nccl==2.21.5
    all-reduce-setup | INFO 02-25 17:41:47 custom_all_reduce_utils.py:206] generating GPU P2P access cache in /root/.cache/vllm/gpu_p2p_access_cache_for_0,1.json
    load             | INFO 02-25 17:41:59 model_runner.py:1110] Starting to load model /var/lib/gpustack/cache/m...
    .                | Loading safetensors checkpoint shards:  10% Completed | 1/10 [00:01<00:10,  1.20s/it]
    profile          | INFO 02-25 17:42:13 model_runner.py:1115] Loading model weights took 17.1 GB
    .                | INFO 02-25 17:42:20 worker.py:267] Memory profiling takes 6.02 seconds
    .                | INFO 02-25 17:42:20 executor_base.py:110] # cuda blocks: 11000, # CPU blocks: 2048
    capture          | INFO 02-25 17:42:24 model_runner.py:1434] Capturing cudagraphs for decoding. This may lead to unexpected consequences if the model is not static.
    ready            | INFO 02-25 17:42:44 model_runner.py:1562] Graph capturing finished in 20 secs, took 0.31 GiB
    .                | INFO 02-25 17:42:44 llm_engine.py:436] init engine (profile, create kv cache, warmup model) took 31.1 seconds
    done             | INFO:     Application startup complete.
    .                | INFO:     127.0.0.1:50312 - "GET /v1/models HTTP/1.1" 200 OK
"""

# 0.6 also patched the time in vLLM's own lines.
GPUSTACK_0_6 = """
    prepare          | 2025-05-08T12:09:20+00:00 - gpustack.worker.backends.base - INFO - Preparing model files...
    start            | 2025-05-08T12:09:26+00:00 - gpustack.worker.backends.base - INFO - Model files are ready.
    .                | 2025-05-08T12:09:26+00:00 - gpustack.worker.backends.vllm - INFO - Starting vllm server
    .                | INFO 2025-05-08T12:09:32+00:00 [__init__.py:239] Automatically detected platform cuda.
    .                | INFO 2025-05-08T12:09:35+00:00 [api_server.py:1034] vLLM API server version 0.8.4
    .                | INFO 2025-05-08T12:09:50+00:00 [core.py:61] Initializing a V1 LLM engine (v0.8.4) with config: model='/var/lib/gpustack/cache/m', tensor_parallel_size=2, pipeline_parallel_size=1, enforce_eager=False
    nccl-init        | (VllmWorker rank=0 pid=900) INFO 2025-05-08T12:10:00+00:00 [pynccl.py:69] vLLM is using nccl==2.21.5
    .                | (VllmWorker rank=1 pid=901) INFO 2025-05-08T12:10:00+00:00 [pynccl.py:69] vLLM is using nccl==2.21.5
    all-reduce-setup | (VllmWorker rank=0 pid=900) INFO 2025-05-08T12:10:03+00:00 [parallel_state.py:959] rank 0 in world size 2 is assigned as DP rank 0, PP rank 0, TP rank 0
    load             | (VllmWorker rank=1 pid=901) INFO 2025-05-08T12:10:03+00:00 [parallel_state.py:959] rank 1 in world size 2 is assigned as DP rank 0, PP rank 0, TP rank 1
    .                | (VllmWorker rank=0 pid=900) INFO 2025-05-08T12:10:04+00:00 [gpu_model_runner.py:1276] Starting to load model /var/lib/gpustack/cache/m...
    .                | (VllmWorker rank=1 pid=901) INFO 2025-05-08T12:10:04+00:00 [gpu_model_runner.py:1276] Starting to load model /var/lib/gpustack/cache/m...
    .                | (VllmWorker rank=1 pid=901) INFO 2025-05-08T12:10:24+00:00 [gpu_model_runner.py:1291] Model loading took 7.6 GiB and 20.011000 seconds
    profile          | (VllmWorker rank=0 pid=900) INFO 2025-05-08T12:10:24+00:00 [gpu_model_runner.py:1291] Model loading took 7.6 GiB and 20.101000 seconds
"""

# 2.x: the worker's own file, then the engine's lines from the container's.
GPUSTACK_2_0 = """
    prepare          | 2025-12-10 03:12:40.101010+00:00 - gpustack.worker.serve_manager - INFO - Provisioning model instance m-ab1cd
    .                | 2025-12-10 03:12:41.101010+00:00 - gpustack.worker.backends.base - INFO - Preparing model files...
    start            | 2025-12-10 03:12:43.101010+00:00 - gpustack.worker.backends.base - INFO - Model files are ready.
    prepare          | 2025-12-10 03:12:43.201010+00:00 - gpustack.worker.backends.vllm - INFO - Starting vLLM model instance: m-ab1cd
    .                | 2025-12-10 03:12:44.101010+00:00 - gpustack.worker.backends.vllm - INFO - Creating vLLM container workload: m-ab1cd
    .                | 2025-12-10 03:12:44.101510+00:00 - gpustack.worker.backends.vllm - INFO - With image: gpustack/runner:cuda12.8-vllm0.11.2, arguments: [vllm serve /var/lib/gpustack/cache/m --tensor-parallel-size 2 --port 40000], ports: [40000], envs(inconsistent input items mean unchangeable):
    .                | NCCL_DEBUG=INFO
    .                | 2025-12-10 03:12:46.101010+00:00 - 42 - gpustack_runtime.deployer.docker - INFO - Mirrored deployment enabled, using self Container 0a1b for options mirroring
    start            | 2025-12-10 03:12:50.101010+00:00 - gpustack.worker.backends.vllm - INFO - Created vLLM container workload: m-ab1cd
    .                | (APIServer pid=1) INFO 12-10 03:12:59 [api_server.py:1977] vLLM API server version 0.11.2
    .                | (EngineCore_DP0 pid=90) INFO 12-10 03:13:15 [core.py:93] Initializing a V1 LLM engine (v0.11.2) with config: model='/var/lib/gpustack/cache/m', tensor_parallel_size=2, pipeline_parallel_size=1, enforce_eager=False
    rendezvous       | INFO 12-10 03:13:25 [parallel_state.py:1208] world_size=2 rank=0 local_rank=0 distributed_init_method=tcp://127.0.0.1:41234 backend=nccl
    .                | INFO 12-10 03:13:25 [parallel_state.py:1208] world_size=2 rank=1 local_rank=1 distributed_init_method=tcp://127.0.0.1:41234 backend=nccl
    nccl-init        | INFO 12-10 03:13:25 [pynccl.py:111] vLLM is using nccl==2.27.5
    .                | gpu-worker-7:95:95 [0] NCCL INFO Bootstrap : Using eth0:10.0.0.7<0>
    .                | gpu-worker-7:95:95 [0] NCCL INFO ncclCommInitRank comm 0x55aa rank 0 nranks 2 cudaDev 0 nvmlDev 0 busId 1000 commId 0x7f - Init START
    .                | gpu-worker-7:96:96 [1] NCCL INFO ncclCommInitRank comm 0x55bb rank 1 nranks 2 cudaDev 1 nvmlDev 1 busId 81000 commId 0x7f - Init START
    .                | gpu-worker-7:96:140 [1] NCCL INFO Channel 00/0 : 1[1] -> 0[0] via P2P/IPC
"""

TORCHRUN = """
    start            | W0714 10:00:00.100000 140446678845248 torch/distributed/run.py:757] Setting OMP_NUM_THREADS environment variable for each process to be 1 in default, to avoid your system being overloaded
    rendezvous       | [Gloo] Rank 1 is connected to 3 peer ranks. Expected number of connected peer ranks is : 3
    nccl-init        | node-a:100:100 [0] NCCL INFO Bootstrap : Using eth0:10.0.0.4<0>
    .                | node-a:100:160 [0] NCCL INFO ncclCommInitRank comm 0x1 rank 0 nranks 4 cudaDev 0 nvmlDev 0 busId 1000 commId 0x2 - Init START
    .                | node-a:103:163 [3] NCCL INFO ncclCommInitRank comm 0x4 rank 3 nranks 4 cudaDev 3 nvmlDev 3 busId 4000 commId 0x2 - Init START
    .                | node-a:100:160 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] via P2P/IPC
    .                | node-a:100:160 [0] NCCL INFO Connected all rings
    .                | node-a:100:160 [0] NCCL INFO ncclCommInitRank comm 0x1 rank 0 nranks 4 cudaDev 0 nvmlDev 0 busId 1000 commId 0x2 - Init COMPLETE
    done             | {'loss': 1.93, 'grad_norm': 1.2, 'learning_rate': 2e-05, 'epoch': 0.01}
"""

LAUNCHES = {name: text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str)}


def steps(launch: str) -> Iterator[tuple[str, str]]:
    """(phase, line) of every line of a launch."""
    phase = ""
    for row in textwrap.dedent(launch).strip("\n").splitlines():
        told, _, line = row.partition("| ")
        phase = phase if told.strip() == "." else told.strip()
        yield phase, line


def lines_of(launch: str) -> list[str]:
    """The launch as its log has it."""
    return [line for _, line in steps(launch)]
