-- CreateIndex
CREATE INDEX "workloads_project_id_kind_provider_id_idx" ON "workloads"("project_id", "kind", "provider", "id");
