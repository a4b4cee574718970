/** Everything about the cluster in one go: sections that begin with a line `# <name>`. */
export const discoverScript = `
echo '# nodes'
nodes=$(scontrol -a -d -o show nodes) || exit
printf '%s\\n' "$nodes" | awk '{
  line = ""
  for (i = 1; i <= NF; i++) if ($i ~ /^(NodeName|Gres|GresUsed|State|Partitions|CPUAlloc|CPUTot|CPUEfctv|RealMemory|AllocMem|ActiveFeatures)=/) line = line $i " "
  print line
}'
echo '# partitions'
scontrol -a -o show partition || exit
echo '# preemption'
scontrol show config | sed -n 's/^\\(PreemptType\\|PreemptMode\\) *= */\\1=/p'
echo '# waiting'
squeue -a -h -t PD -o '%P' | sort | uniq -c
echo '# accounts'
sacctmgr -nP show assoc user="$(id -un)" format=account,partition,qos,defaultqos 2>/dev/null
echo '# reservations'
scontrol -o show reservation 2>/dev/null | sed -n 's/^ReservationName=\\([^ ]*\\).*Users=\\([^ ]*\\) .*State=\\([^ ]*\\).*/\\1|\\2|\\3/p'
exit 0
`;
