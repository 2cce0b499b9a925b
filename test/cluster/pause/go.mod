module econ-graph-financial-data/pause

go 1.24
