{{- define "kogda.labels" -}}
app.kubernetes.io/name: kogda
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
