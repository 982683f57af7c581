"""From start to the first vector, the median of 5 after one for the disk, and the most memory. Arguments: crosstail, model, text file."""
import os, resource, subprocess, sys, tempfile, time

program, model, text = sys.argv[1:]
times, memory = [], 0
for i in range(6):
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        child = subprocess.Popen([program, "encode", "--quiet", "--model", model, text, "-o", os.path.join(folder, "v.npy")])
        _, status, usage = os.wait4(child.pid, 0)
        times.append(time.perf_counter() - start)
        memory = max(memory, usage.ru_maxrss / 1024)
        if status != 0:
            sys.exit(f"crosstail ended with {status}")
median = sorted(times[1:])[2]
print(f"{os.path.basename(model)}: start to first vector {median:.3f} s, {memory:.0f} MB")
sys.exit("more than 0.3 s or 350 MB" if median > 0.3 or memory > 350 else 0)
