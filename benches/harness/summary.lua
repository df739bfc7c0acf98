-- Appended to each script: prints what wrk counted as one line of JSON, times in milliseconds.

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'SUMMARY {"requests": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f, "errors": '
      .. '{"connect": %d, "read": %d, "write": %d, "timeout": %d, "status over 399": %d}}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
