;

RESET search_path;
