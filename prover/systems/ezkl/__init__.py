"""The ezkl proof system and the rules that keep it sound."""
