"""The listening room: what a rater is asked, hears and answers, one sitting at a time."""
